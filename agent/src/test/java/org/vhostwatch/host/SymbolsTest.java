package org.vhostwatch.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SymbolsTest {
  private static final String TRACEFS = "sys/kernel/tracing/available_filter_functions";
  private static final Set<String> WANTED =
      Set.of(
          "vhost_discard_vq_desc",
          "handle_rx",
          "get_tx_bufs",
          "get_rx_bufs",
          "vhost_net_fops",
          "vhost_tx_batch");
  private static final String KALLSYMS =
      """
      ffffffff81000000 T _stext
      ffffffff81234560 t handle_rx
      ffffffffc0a01000 t handle_rx\t[vhost_net]
      ffffffffc0a02000 t get_tx_bufs.constprop.0\t[vhost_net]
      ffffffffc0a03000 t get_rx_bufs.cold\t[vhost_net]
      ffffffffc0a03100 t get_rx_bufs.part.0\t[vhost_net]
      ffffffffc0a04000 r vhost_net_fops\t[vhost_net]
      ffffffffc0b01000 T vhost_discard_vq_desc\t[vhost]
      """;

  private FakeHost host;

  @BeforeEach
  void aHost(@TempDir Path root) {
    host = new FakeHost(root);
  }

  @Test
  void findsFunctionsInTracefsFirst() {
    host.file("proc/kallsyms", KALLSYMS)
        .file(
            TRACEFS,
            "schedule\nvhost_discard_vq_desc [vhost]\nvhost_tx_batch.isra.0 [vhost_net]\n");

    Symbols symbols = read();

    assertThat(symbols.function("vhost_discard_vq_desc"))
        .contains(
            new Symbol(
                "vhost_discard_vq_desc", "vhost", Symbol.Source.AVAILABLE_FILTER_FUNCTIONS, false));
    assertThat(symbols.function("vhost_tx_batch"))
        .map(Symbol::probe)
        .contains("vhost_net:vhost_tx_batch.isra.0");
    assertThat(symbols.function("handle_rx")).as("not traceable").isEmpty();
  }

  @Test
  void findsFunctionsInKallsymsElse() {
    host.file("proc/kallsyms", KALLSYMS);

    Symbols symbols = read();

    assertThat(symbols.functionSource()).isEqualTo(Symbol.Source.KALLSYMS);
    assertThat(symbols.function("get_tx_bufs"))
        .contains(
            new Symbol("get_tx_bufs.constprop.0", "vhost_net", Symbol.Source.KALLSYMS, false));
    assertThat(symbols.function("vhost_net_fops")).as("not code").isEmpty();
  }

  @Test
  void anEmptyListInTracefsIsNoList() {
    host.file("proc/kallsyms", KALLSYMS).file(TRACEFS, "");
    assertThat(read().functionSource()).isEqualTo(Symbol.Source.KALLSYMS);
  }

  @Test
  void piecesOfAFunctionDoNotStandForIt() {
    host.file("proc/kallsyms", KALLSYMS);
    assertThat(read().function("get_rx_bufs")).isEmpty();
  }

  @Test
  void aNameInTwoPlacesIsAmbiguousUntilTheModuleIsSaid() {
    host.file("proc/kallsyms", KALLSYMS);

    Symbols symbols = read();

    assertThat(symbols.function("handle_rx")).map(Symbol::ambiguous).contains(true);
    assertThat(symbols.function("handle_rx", "vhost_net"))
        .contains(new Symbol("handle_rx", "vhost_net", Symbol.Source.KALLSYMS, false));
    assertThat(symbols.function("handle_rx", "other"))
        .map(Symbol::probe)
        .contains("vmlinux:handle_rx");
  }

  @Test
  void theNameItselfComesBeforeItsClones() {
    host.file(TRACEFS, "get_rx_bufs.isra.0.constprop.1 [vhost_net]\nget_rx_bufs [vhost_net]\n");
    assertThat(read().function("get_rx_bufs"))
        .contains(
            new Symbol(
                "get_rx_bufs", "vhost_net", Symbol.Source.AVAILABLE_FILTER_FUNCTIONS, false));
  }

  @Test
  void severalClonesAreAmbiguous() {
    host.file(
        TRACEFS, "get_rx_bufs.isra.0.constprop.1 [vhost_net]\nget_rx_bufs.isra.0 [vhost_net]\n");
    assertThat(read().function("get_rx_bufs")).map(Symbol::ambiguous).contains(true);
  }

  @Test
  void givesAddresses() {
    host.file("proc/kallsyms", KALLSYMS);

    Symbols symbols = read();

    assertThat(symbols.address("vhost_net_fops", "vhost_net")).hasValue(0xffffffffc0a04000L);
    assertThat(symbols.address("handle_rx", "vhost_net")).hasValue(0xffffffffc0a01000L);
    assertThat(symbols.address("get_tx_bufs", "vhost_net")).as("only exact names").isEmpty();
    assertThat(symbols.address("vhost_net_fops", "tun")).isEmpty();
  }

  @Test
  void aModuleThatIsBuiltInHasItsSymbolsInTheKernel() {
    host.file("proc/kallsyms", "ffffffff82345678 D vhost_net_fops\n");
    assertThat(read().address("vhost_net_fops", "vhost_net")).hasValue(0xffffffff82345678L);
  }

  @Test
  void hiddenAddressesAreNone() {
    host.file("proc/kallsyms", KALLSYMS.replaceAll("(?m)^f{8}.{8}", "0000000000000000"));
    assertThat(read().address("vhost_net_fops", "vhost_net")).isEmpty();
    assertThat(read().function("vhost_discard_vq_desc")).isPresent();
  }

  @Test
  void anAddressThatIsAGuessIsNone() {
    host.file(
        "proc/kallsyms",
        "ffffffffc0a04000 r vhost_net_fops\t[vhost_net]\nffffffffc0a05000 r vhost_net_fops\t[vhost_net]\n");
    assertThat(read().address("vhost_net_fops", "vhost_net")).isEmpty();
  }

  @Test
  void nothingToReadIsNothingFound() {
    assertThat(read().function("handle_rx")).isEmpty();
    assertThat(read().address("vhost_net_fops", "vhost_net")).isEmpty();
  }

  @Test
  void aLineMayLieAcrossAnyBufferEnd() {
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      list.append("filler_").append(i).append('\n');
    }
    for (int shift = 0; shift < 40; shift++) {
      // 65536 is the size of the buffer: the wanted line begins a little before or behind it.
      String text = list.substring(0, 65536 - 30 + shift - 1) + "\nhandle_rx [vhost_net]\n" + list;
      host.file(TRACEFS, text);
      assertThat(read().function("handle_rx"))
          .as("shift %d", shift)
          .map(Symbol::module)
          .contains("vhost_net");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "handle_rx",
        "ffffffff81000000 T",
        "ffffffff81000000 T ",
        " ",
        "\n\n\n",
        "xyz t handle_rx\t[",
        "ffffffff81000000 t handle_rx\t]vhost[",
        "0123456789abcdef0123456789abcdef t other",
      })
  void strangeLinesDoNoHarm(String text) {
    host.file("proc/kallsyms", text).file(TRACEFS, text);
    assertThat(read().address("handle_rx", "vhost_net"))
        .isIn(OptionalLong.empty(), OptionalLong.of(0xffffffff81000000L));
  }

  @Test
  void aLineLongerThanTheBufferIsDropped() {
    host.file("proc/kallsyms", "x".repeat(200_000) + "\n" + KALLSYMS);
    assertThat(read().function("vhost_discard_vq_desc")).isPresent();
  }

  @Test
  void wantedNamesAreWithoutSuffix() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Symbols.read(host.fs(), Set.of("f.isra.0"), true))
        .withMessageContaining("f.isra.0");
  }

  private Symbols read() {
    return Symbols.read(host.fs(), WANTED, true);
  }
}
