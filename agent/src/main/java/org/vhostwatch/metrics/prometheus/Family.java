package org.vhostwatch.metrics.prometheus;

import io.prometheus.client.Collector;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.Collector.MetricFamilySamples.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.vhostwatch.probe.EpisodeLengths;
import org.vhostwatch.snapshot.EpisodeTotals;

/** The samples of one metric at one scrape. */
final class Family {

  /**
   * Upper bounds of the packet lengths: the sizes that buffers have (1536, 4096), jumbo frames, and
   * the super-packets above.
   */
  static final long[] LENGTHS = {64, 256, 1024, 1536, 4096, 9216, 16_384, 32_768, 49_152, 65_536};

  private final Metric metric;
  private final List<Sample> samples = new ArrayList<>();

  Family(Metric metric) {
    this.metric = metric;
  }

  /** Adds a sample with values for the metric's labels, in their order. */
  Family add(double value, List<String> labelValues) {
    return add(metric.sample(), metric.labels(), labelValues, value);
  }

  /** Adds a histogram of packet lengths, whose sum is given: they may be rounded. */
  Family lengths(SortedMap<Long, Long> counts, long sum) {
    long all = 0;
    long[] below = new long[LENGTHS.length];
    for (Map.Entry<Long, Long> entry : counts.entrySet()) {
      all += entry.getValue();
      for (int i = 0; i < LENGTHS.length; i++) {
        below[i] += entry.getKey() <= LENGTHS[i] ? entry.getValue() : 0;
      }
    }
    for (int i = 0; i < LENGTHS.length; i++) {
      bucket(Collector.doubleToGoString((double) LENGTHS[i]), below[i]);
    }
    return end(all, (double) sum);
  }

  /** Adds a histogram of the lengths of spins. */
  Family episodes(EpisodeTotals episodes) {
    for (int i = 0; i < EpisodeLengths.BOUNDS.size(); i++) {
      bucket(
          Collector.doubleToGoString(EpisodeLengths.BOUNDS.get(i) / 1e9), episodes.below().get(i));
    }
    return end(episodes.count(), episodes.nanos() / 1e9);
  }

  private Family end(long count, double sum) {
    bucket("+Inf", count);
    add(metric.family() + "_count", List.of(), List.of(), (double) count);
    return add(metric.family() + "_sum", List.of(), List.of(), sum);
  }

  private void bucket(String bound, long count) {
    add(metric.family() + "_bucket", List.of("le"), List.of(bound), (double) count);
  }

  private Family add(String name, List<String> labels, List<String> labelValues, double value) {
    samples.add(new Sample(name, labels, labelValues, value));
    return this;
  }

  MetricFamilySamples samples() {
    return new MetricFamilySamples(
        metric.family(), metric.unit(), metric.type(), metric.help(), samples);
  }
}
