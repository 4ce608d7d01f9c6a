package org.vhostwatch.metrics.prometheus;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.Writer;
import java.util.AbstractList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.snapshot.HostSnapshot;

/** The metrics about the host and those about the agent itself, together. */
@SuppressWarnings("deprecation") // the registry of the old client, chosen on purpose
public final class PrometheusExposition implements Exposition, AutoCloseable {

  private final Supplier<HostSnapshot> snapshots;
  private final String version;
  private final PrometheusMeterRegistry registry;

  /**
   * @param snapshots gives the present picture of the host
   * @param version of this program
   */
  public PrometheusExposition(Supplier<HostSnapshot> snapshots, String version) {
    this.snapshots = snapshots;
    this.version = version;
    registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    // Without this a meter that does not fit its name's others is dropped with a line in the log.
    registry.throwExceptionOnRegistrationFailure();
  }

  /** Returns the registry for what the agent measures of itself. */
  public MeterRegistry registry() {
    return registry;
  }

  /** Writes the families ordered by name: the client's own order is another at each start. */
  @Override
  public void write(Format format, Writer out) throws IOException {
    write(format, out, name -> true);
  }

  /**
   * Returns the metrics of our own name alone: without {@code process_*} and {@code jvm_*}, which
   * another exporter that passes ours on has of itself.
   */
  public Exposition own() {
    return (format, out) -> write(format, out, name -> name.startsWith("vhostwatch_"));
  }

  private void write(Format format, Writer out, Predicate<String> wanted) throws IOException {
    SortedMap<String, Supplier<MetricFamilySamples>> families =
        SnapshotFamilies.of(snapshots.get(), version);
    for (MetricFamilySamples own :
        Collections.list(registry.getPrometheusRegistry().metricFamilySamples())) {
      if (families.put(own.name, () -> own) != null) {
        throw new IllegalStateException("two metrics are named " + own.name);
      }
    }
    families.keySet().removeIf(wanted.negate());
    List<Supplier<MetricFamilySamples>> made = List.copyOf(families.values());
    // Each is made when it is its turn.
    List<MetricFamilySamples> samples =
        new AbstractList<>() {
          @Override
          public MetricFamilySamples get(int index) {
            return made.get(index).get();
          }

          @Override
          public int size() {
            return made.size();
          }
        };
    TextFormat.writeFormat(format.contentType(), out, Collections.enumeration(samples));
  }

  @Override
  public void close() {
    registry.close();
  }
}
