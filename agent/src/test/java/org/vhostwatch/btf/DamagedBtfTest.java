package org.vhostwatch.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.vhostwatch.btf.BtfBuilder.Member;

class DamagedBtfTest {
  private static final Duration NEVER_A_HANG = Duration.ofSeconds(20);

  @Test
  void readsBothByteOrders() throws BtfException {
    for (BtfBuilder builder :
        new BtfBuilder[] {BtfBuilder.littleEndian(), BtfBuilder.bigEndian()}) {
      int u16 = builder.integer("u16", 2);
      builder.struct("vq", 8, Member.at("num", u16, 2), Member.at("idx", u16, 6));
      assertThat(parse(builder).member("vq", "idx")).isEqualTo(new MemberLayout(6, 2));
    }
  }

  @Test
  void aLongerHeaderIsFine() throws BtfException {
    BtfBuilder builder = BtfBuilder.littleEndian().headerBytes(32);
    builder.struct("vq", 8, Member.at("num", builder.integer("u32", 4), 4));
    assertThat(parse(builder).member("vq", "num").offset()).isEqualTo(4);
  }

  @Test
  void everyKindIsSteppedOver() throws BtfException {
    BtfBuilder builder = BtfBuilder.littleEndian();
    int u32 = builder.integer("u32", 4);
    builder.type(Kind.PTR, "", 0, u32);
    builder.array(u32, 3);
    builder.union("u", 4, Member.at("a", u32, 0));
    builder.type(Kind.ENUM, "e", 2, 4, 0, 0, 0, 1);
    builder.type(Kind.FWD, "vq", 0, 0);
    builder.type(Kind.FUNC_PROTO, "", 2, u32, 0, u32, 0, u32);
    builder.type(Kind.FUNC, "f", 0, 7);
    builder.type(Kind.VAR, "v", 0, u32, 1);
    builder.type(Kind.DATASEC, ".data", 1, 4, 9, 0, 4);
    builder.type(Kind.FLOAT, "double", 0, 8);
    int tag = builder.type(Kind.TYPE_TAG, "rcu", 0, u32);
    builder.type(Kind.DECL_TAG, "tag", 0, 4, -1);
    int big = builder.type(Kind.ENUM64, "e64", 1, 8, 0, 1, 2);
    int wrapped = tag;
    for (int kind : new int[] {Kind.VOLATILE, Kind.CONST, Kind.RESTRICT, Kind.TYPEDEF}) {
      wrapped = builder.type(kind, kind == Kind.TYPEDEF ? "vq_t" : "", 0, wrapped);
    }
    builder.struct("vq", 16, Member.at("num", wrapped, 0), Member.at("big", big, 8));

    Btf btf = parse(builder);

    assertThat(btf.member("vq", "num")).isEqualTo(new MemberLayout(0, 4));
    assertThat(btf.member("vq", "big")).isEqualTo(new MemberLayout(8, 8));
  }

  @Test
  void moduleStructsRefersToKernelTypesAndNames() throws BtfException {
    BtfBuilder base = BtfBuilder.bigEndian();
    int u16 = base.integer("u16", 2);
    BtfBuilder split = base.split();
    split.struct("tun_file", 12, Member.at("queue_index", u16, 10));

    Btf module = Btf.parse(split.build(), "tun", parse(base));

    assertThat(module.member("tun_file", "queue_index")).isEqualTo(new MemberLayout(10, 2));
  }

  @Test
  void aMemberCountThatRunsPastTheEndIsNamed() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    builder.integer("u32", 4);
    builder.type(Kind.STRUCT, "vq", 65535, 8, 0, 1, 0);
    assertDamaged(
        builder,
        "blob: type 2 at byte 40: member count 65535 runs past the end of the type section");
  }

  @Test
  void anUnknownKindIsNamed() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    builder.type(20, "future", 0, 0);
    assertDamaged(builder, "blob: type 1 at byte 24: unknown kind 20");
  }

  @Test
  void aTypeCutOffIsNamed() {
    byte[] bytes = oneInteger();
    bytes[12] = 14;
    assertThatThrownBy(() -> Btf.parse(bytes, "blob", null))
        .isInstanceOf(BtfException.class)
        .hasMessage("blob: type 1 at byte 24: kind 1 runs past the end of the type section");
    bytes[12] = 7;
    assertThatThrownBy(() -> Btf.parse(bytes, "blob", null))
        .isInstanceOf(BtfException.class)
        .hasMessage("blob: type 1 at byte 24: cut off: 7 bytes are left in the type section");
  }

  @Test
  void aWrongHeaderIsNamed() {
    byte[] magic = oneInteger();
    magic[0] = 1;
    assertThatThrownBy(() -> Btf.parse(magic, "blob", null))
        .hasMessage("blob: byte 0: magic 0xeb01 is not BTF's 0xeb9f");
    byte[] version = oneInteger();
    version[2] = 2;
    assertThatThrownBy(() -> Btf.parse(version, "blob", null))
        .hasMessage("blob: byte 2: version 2, only 1 is known");
    byte[] huge = oneInteger();
    Arrays.fill(huge, 20, 24, (byte) 0xff);
    assertThatThrownBy(() -> Btf.parse(huge, "blob", null))
        .hasMessageStartingWith("blob: byte 16: string section of 4294967295 bytes");
    assertThatThrownBy(() -> Btf.parse(new byte[0], "blob", null))
        .hasMessage("blob: byte 0: 0 bytes are fewer than the 24 of a header");
    byte[] open = oneInteger();
    open[open.length - 1] = 'x';
    assertThatThrownBy(() -> Btf.parse(open, "blob", null))
        .hasMessageEndingWith("the string section does not end with a NUL");
  }

  @Test
  void aTypedefOfItselfIsFound() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    int self = builder.type(Kind.TYPEDEF, "self", 0, builder.nextId());
    builder.struct("vq", 8, Member.at("num", self, 0));
    assertThatThrownBy(() -> parse(builder).member("vq", "num"))
        .hasMessageContaining("does it point to itself?");
  }

  @Test
  void aStructThatContainsItselfIsFound() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    builder.struct("vq", 8, Member.at("", builder.nextId(), 0));
    assertThatThrownBy(() -> parse(builder).member("vq", "num"))
        .hasMessageContaining("does it contain itself?");
  }

  @Test
  void anArrayOfItselfIsFound() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    int self = builder.array(builder.nextId(), 1);
    builder.struct("vq", 8, Member.at("num", self, 0));
    assertThatThrownBy(() -> parse(builder).member("vq", "num"))
        .hasMessageContaining("does it contain itself?");
  }

  @Test
  void namelessMembersThatMultiplyAreCutShort() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    int inner = builder.struct("", 8, Member.at("x", builder.integer("u32", 4), 0));
    for (int level = 0; level < 20; level++) {
      Member[] members = new Member[30];
      Arrays.fill(members, Member.at("", inner, 0));
      inner = builder.struct(level == 19 ? "vq" : "", 8, members);
    }
    Assertions.assertTimeoutPreemptively(
        NEVER_A_HANG,
        () ->
            assertThatThrownBy(() -> parse(builder).member("vq", "num"))
                .hasMessageContaining("visited more than"));
  }

  @Test
  void arraysTooLargeToBeTrueAreRefused() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    int array = builder.integer("u64", 8);
    for (int i = 0; i < 5; i++) {
      array = builder.array(array, -1);
    }
    builder.struct("vq", 8, Member.at("num", array, 0));
    assertThatThrownBy(() -> parse(builder).member("vq", "num"))
        .hasMessageContaining("more than any kernel object has");
    assertThatThrownBy(() -> parse(builder).member("vq", "num[999999999]"))
        .hasMessageContaining("more than any kernel object has");
  }

  @Test
  void referencesToNowhereAreFound() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    builder.struct(
        "vq", 8, Member.at("num", 99, 0), Member.at("nothing", 0, 0), Member.at("minus", -1, 0));
    assertThatThrownBy(() -> parse(builder).member("vq", "num"))
        .hasMessage("blob: type 1 at byte 24: refers to type 99, the last one is 1");
    assertThatThrownBy(() -> parse(builder).member("vq", "minus"))
        .hasMessageContaining("refers to type 4294967295");
    assertThatThrownBy(() -> parse(builder).member("vq", "nothing"))
        .hasMessageContaining("of type void");
  }

  @Test
  void aMemberOutsideItsStructIsRefused() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    builder.struct("vq", 8, Member.at("num", builder.integer("u32", 4), 6));
    assertThatThrownBy(() -> parse(builder).member("vq", "num"))
        .hasMessage(
            "blob: type 2 at byte 40: a member at 6 of 4 bytes lies outside the struct's 8");
  }

  @Test
  void bitfieldsOfOldPaholeAreRefusedToo() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    int three = builder.type(Kind.INT, "u32", 0, 4, 3);
    builder.struct("vq", 8, Member.at("bits", three, 0));
    assertThatThrownBy(() -> parse(builder).member("vq", "bits"))
        .hasMessageContaining("is a bitfield");
  }

  /** Random damage to real BTF: a result or a BtfException, nothing else, and soon. */
  @Test
  void damagedFilesNeverDoAnythingElse() {
    long seed = Long.getLong("vhostwatch.seed", System.nanoTime());
    System.out.println("DamagedBtfTest seed " + seed + " (-Dvhostwatch.seed=)");
    SplittableRandom random = new SplittableRandom(seed);
    byte[] kernel = Fixtures.bytes("kernel.btf");
    byte[] module = Fixtures.bytes("module.btf");
    Assertions.assertTimeoutPreemptively(
        NEVER_A_HANG,
        () -> {
          for (int round = 0; round < 20_000; round++) {
            byte[] base = random.nextInt(3) == 0 ? mutate(kernel, random) : kernel;
            read(base, random.nextInt(3) == 0 ? module : mutate(module, random), seed, round);
          }
        });
  }

  private static byte[] mutate(byte[] original, SplittableRandom random) {
    byte[] bytes =
        random.nextInt(8) == 0
            ? Arrays.copyOf(original, random.nextInt(original.length + 1))
            : original.clone();
    for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
      // Half of the damage to the header and the first types: most of the checks are there.
      int at = random.nextInt(random.nextBoolean() ? Math.min(64, bytes.length) : bytes.length);
      bytes[at] =
          random.nextBoolean()
              ? (byte) random.nextInt()
              : (byte) (bytes[at] ^ (1 << random.nextInt(8)));
    }
    return bytes;
  }

  private static void read(byte[] kernel, byte[] module, long seed, int round) {
    try {
      Btf btf = Btf.parse(module, "module", Btf.parse(kernel, "kernel", null));
      btf.size("vhost_net");
      btf.member("sk_buff", "dev_scratch");
      btf.member("task_struct", "lock.wait_list.prev");
      btf.member("vhost_net", "vqs[1].vq.ring[1].grid[5]");
    } catch (BtfException e) {
      assertThat(e).hasMessageMatching("(?s)(kernel|module): .*");
    } catch (RuntimeException e) {
      fail("seed " + seed + ", round " + round, e);
    }
  }

  private static byte[] oneInteger() {
    BtfBuilder builder = BtfBuilder.littleEndian();
    builder.integer("u32", 4);
    return builder.build();
  }

  private static Btf parse(BtfBuilder builder) throws BtfException {
    return Btf.parse(builder.build(), "blob", null);
  }

  private static void assertDamaged(BtfBuilder builder, String message) {
    assertThatThrownBy(() -> parse(builder)).isInstanceOf(BtfException.class).hasMessage(message);
  }
}
