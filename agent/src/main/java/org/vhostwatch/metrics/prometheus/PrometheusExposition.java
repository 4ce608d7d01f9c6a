package org.vhostwatch.metrics.prometheus;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.Writer;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.vhostwatch.metrics.Exposition;
import org.vhostwatch.snapshot.HostSnapshot;

/** The metrics about the host and those about the agent itself, together. */
@SuppressWarnings("deprecation") // the registry of the old client, chosen on purpose
public final class PrometheusExposition implements Exposition, AutoCloseable {

  private final PrometheusMeterRegistry registry;

  /**
   * @param snapshots gives the present picture of the host
   * @param version of this program
   */
  public PrometheusExposition(Supplier<HostSnapshot> snapshots, String version) {
    registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    // Without this a meter that does not fit its name's others is dropped with a line in the log.
    registry.throwExceptionOnRegistrationFailure();
    registry.getPrometheusRegistry().register(new SnapshotCollector(snapshots, version));
  }

  /** Returns the registry for what the agent measures of itself. */
  public MeterRegistry registry() {
    return registry;
  }

  /** Writes the families ordered by name: the client's own order is another at each start. */
  @Override
  public void write(Format format, Writer out) throws IOException {
    List<MetricFamilySamples> families =
        Collections.list(registry.getPrometheusRegistry().metricFamilySamples());
    families.sort(Comparator.comparing(family -> family.name));
    TextFormat.writeFormat(format.contentType(), out, Collections.enumeration(families));
  }

  @Override
  public void close() {
    registry.close();
  }
}
