/*
 * guest: a VMM and its guest in one process, to drive a vhost_net device into what it shall do.
 *
 * It owns a tap, one vhost_net device a queue pair, and the "guest" side of their rings; frames it sends itself, into
 * the tap, through AF_PACKET. It is the lab's independent witness: what it prints about the indices comes from its own
 * rings and from VHOST_GET_VRING_BASE, and it shares no code with the program under test. Usage: guest --help.
 *
 * Two things beside that: it can open tap and vhost devices for another program, as libvirt does for QEMU, and it can
 * hang as a VMM does whose disk has gone (see hang()).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/vhost.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <net/if.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define MAX_QUEUES 16
#define NET_HEADER 12 /* struct virtio_net_hdr_mrg_rxbuf */
#define VSOCK_HEADER 44 /* struct virtio_vsock_hdr */
#define FIRST_TAP_FD 20 /* where a COMMAND finds its taps and vhost devices */
#define FIRST_VHOST_FD 40
#define POLL_MICROS 1000000
#define TX_FRAME 1400
#define TABLE 2 /* descriptors in an indirect one */
#define BIG_FRAME 30000 /* frames above it are steered to --queue, see steer() */
#define FULL 24 /* so many buffers an adversary posts when it does not pause: any frame fits */
#define LONGEST_PAUSE 2.5
#define F(bit) (1ULL << (bit))

#ifndef VHOST_SET_FORK_FROM_OWNER /* Linux 6.17 */
#define VHOST_SET_FORK_FROM_OWNER _IOW(VHOST_VIRTIO, 0x84, __u8)
#endif
#ifndef VIRTIO_F_IN_ORDER
#define VIRTIO_F_IN_ORDER 35
#endif

enum behaviour { LIVELOCK, HEALTHY, SLOW, STARVED, KICK_STORM, SEND, BUSY_POLL, VSOCK_FLOOD, TX_FLOOD, ADVERSARY };
static const char *const behaviours[] = {"livelock", "healthy", "slow", "starved", "kick-storm", "send", "busy-poll", "vsock-flood", "tx-flood", "adversary"};

static struct {
    const char *tap, *via, *hang;
    unsigned ring, buffers, size, frame, queues, queue, interval_ms, base, traffic, refill;
    enum behaviour behaviour;
    uint64_t features;
    double seconds, onset_after, refill_after, traffic_for, dry_after, rate;
    unsigned seed, threads;
    int detach;
    bool ipv6_noise, kthread, existing, macvtap, hang_main, kicks, at_onset, fresh, transmit, every;
    char **command;
} opt = {
    .tap = "tap9", .ring = 256, .buffers = 10, .size = 4096, .frame = 60366, .queues = 1, .interval_ms = 20, .traffic = 1400,
    .features = F(VIRTIO_NET_F_MRG_RXBUF) | F(VIRTIO_F_VERSION_1), .refill_after = -1, .traffic_for = -1, .dry_after = -1, .rate = -1,
    .seed = 1, .detach = -1,
};

/* One split virtqueue. Descriptor i always is buffer i; vhost uses the buffers of an RX ring in the order posted. */
struct ring {
    struct vring vring;
    int kick, call;
    uint16_t posted; /* what was published as avail->idx */
};

struct queue {
    int tap, vhost;
    struct ring rx, tx;
    size_t offset; /* where its part of the memory begins */
    uint16_t seen; /* used->idx as of the last look */
    uint64_t received; /* buffers filled, in all */
    volatile bool dry; /* adversary: it gives no buffer back just now */
};

static struct queue queues[MAX_QUEUES];
static unsigned devices; /* how many of them there are: none to only send */
static char *memory; /* the guest's memory: rings and buffers of all queues */
static size_t memory_size;
static int sender, via_index;
static unsigned char tap_mac[6];
static uint64_t sent, dropped;
static double started;
static volatile bool stopping, storming, begun;

static void fail(const char *format, ...)
{
    va_list args;
    int error = errno;
    fputs("guest: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, ": %s\n", strerror(error));
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void sleep_ms(double ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms * 1e6) % 1000000000};
    nanosleep(&t, NULL);
}

static bool under_test(unsigned queue) { return opt.every || queue == opt.queue; }

/* ---------------------------------------------------------------- the tap */

/*
 * Which queue a frame goes to is decided by this program: big ones to --queue, others to (length modulo queues). Where all
 * queues are under test, as an adversary's are, the length alone decides.
 */
static void steer(int tap)
{
    struct bpf_insn code[] = {
        {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 0, .src_reg = 1, .off = 0}, /* r0 = skb->len */
        {.code = BPF_JMP | BPF_JLE | BPF_K, .dst_reg = 0, .off = 1, .imm = opt.every || opt.behaviour == ADVERSARY ? INT32_MAX : BIG_FRAME},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = opt.queue},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attr = {
        .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
        .insns = (uintptr_t)code,
        .insn_cnt = sizeof(code) / sizeof(*code),
        .license = (uintptr_t) "GPL",
    };
    int program = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
    if (program < 0) fail("BPF_PROG_LOAD");
    if (ioctl(tap, TUNSETSTEERINGEBPF, &program)) fail("TUNSETSTEERINGEBPF");
}

static int open_tap(void)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (opt.queues > 1 ? IFF_MULTI_QUEUE : 0)};
    char path[32] = "/dev/net/tun";
    int header = NET_HEADER, fd;
    if (opt.macvtap) snprintf(path, sizeof(path), "/dev/tap%u", if_nametoindex(opt.tap));
    fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) fail("%s", path);
    snprintf(request.ifr_name, IFNAMSIZ, "%s", opt.tap);
    if (ioctl(fd, TUNSETIFF, &request)) fail("TUNSETIFF %s", opt.tap);
    if (ioctl(fd, TUNSETVNETHDRSZ, &header)) fail("TUNSETVNETHDRSZ");
    if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)) fail("TUNSETOFFLOAD");
    return fd;
}

/* The kernel gives the index of a detached queue to the last one. */
static void detach(int tap)
{
    struct ifreq request = {.ifr_flags = IFF_DETACH_QUEUE};
    if (ioctl(tap, TUNSETQUEUE, &request)) fail("TUNSETQUEUE of %s", opt.tap);
}

static void tap_up(void)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    snprintf(request.ifr_name, IFNAMSIZ, "%s", opt.tap);
    if (!opt.ipv6_noise && opt.behaviour != SEND) { /* neighbour discovery takes the first one to three buffers */
        char path[128];
        snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", opt.tap);
        int sysctl = open(path, O_WRONLY);
        if (sysctl >= 0 && write(sysctl, "1", 1) != 1) fail("%s", path);
        close(sysctl);
    }
    if (ioctl(fd, SIOCGIFFLAGS, &request)) fail("SIOCGIFFLAGS %s", opt.tap);
    request.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request)) fail("SIOCSIFFLAGS %s", opt.tap);
    if (ioctl(fd, SIOCGIFHWADDR, &request)) fail("SIOCGIFHWADDR %s", opt.tap);
    memcpy(tap_mac, request.ifr_hwaddr.sa_data, sizeof(tap_mac));
    close(fd);
    via_index = if_nametoindex(opt.via ? opt.via : opt.tap);
    if (!via_index) fail("%s", opt.via);
}

/* ---------------------------------------------------------------- vhost */

static size_t aligned(size_t n) { return (n + 4095) & ~4095UL; }
static size_t ring_bytes(void) { return aligned(vring_size(opt.ring, 4096)); }
static bool indirect(void) { return opt.features & F(VIRTIO_RING_F_INDIRECT_DESC); }
static size_t buffer_bytes(void) { return aligned((size_t)opt.ring * opt.size); }
static size_t table_bytes(void) { return indirect() ? aligned((size_t)opt.ring * TABLE * sizeof(struct vring_desc)) : 0; }
/* Of a queue, in this order: its two rings, its RX buffers, the tables of indirect descriptors, the frame that it sends. */
static size_t queue_bytes(void) { return 2 * ring_bytes() + buffer_bytes() + table_bytes() + aligned(NET_HEADER + TX_FRAME); }

static void set_ring(struct queue *q, unsigned index, struct ring *ring)
{
    struct vhost_vring_state num = {.index = index, .num = opt.ring}, base = {.index = index, .num = opt.base};
    struct vhost_vring_addr address = {
        .index = index,
        .desc_user_addr = (uintptr_t)ring->vring.desc,
        .avail_user_addr = (uintptr_t)ring->vring.avail,
        .used_user_addr = (uintptr_t)ring->vring.used,
    };
    /* As after a migration: all indices begin where the other host's ended. */
    ring->posted = ring->vring.avail->idx = ring->vring.used->idx = opt.base;
    ring->kick = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ring->call = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct vhost_vring_file kick = {.index = index, .fd = ring->kick}, call = {.index = index, .fd = ring->call};
    if (ioctl(q->vhost, VHOST_SET_VRING_NUM, &num)) fail("VHOST_SET_VRING_NUM %u", opt.ring);
    if (ioctl(q->vhost, VHOST_SET_VRING_BASE, &base)) fail("VHOST_SET_VRING_BASE");
    if (ioctl(q->vhost, VHOST_SET_VRING_ADDR, &address)) fail("VHOST_SET_VRING_ADDR");
    if (ioctl(q->vhost, VHOST_SET_VRING_KICK, &kick)) fail("VHOST_SET_VRING_KICK");
    if (ioctl(q->vhost, VHOST_SET_VRING_CALL, &call)) fail("VHOST_SET_VRING_CALL");
}

static void set_backend(struct queue *q, int tap)
{
    for (unsigned index = 0; index < 2; index++) {
        struct vhost_vring_file backend = {.index = index, .fd = tap};
        if (ioctl(q->vhost, VHOST_NET_SET_BACKEND, &backend) && tap >= 0) fail("VHOST_NET_SET_BACKEND %u", index);
    }
}

static int vhost_device(void)
{
    const char *path = opt.behaviour == VSOCK_FLOOD ? "/dev/vhost-vsock" : "/dev/vhost-net";
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) fail("%s", path);
    return fd;
}

/* After a look at its transmit ring the worker of that device polls it for so long. */
static void poll_busily(struct queue *q)
{
    struct vhost_vring_state timeout = {.index = 1, .num = POLL_MICROS};
    if (ioctl(q->vhost, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, &timeout)) fail("VHOST_SET_VRING_BUSYLOOP_TIMEOUT");
}

/* Rings of a vhost_vsock device are served from here on. */
static void run_vsock(struct queue *q)
{
    uint64_t cid = 42;
    int running = 1;
    for (unsigned i = 0; i < opt.ring; i++)
        q->tx.vring.desc[i] = (struct vring_desc){.addr = 2 * ring_bytes() + (uint64_t)i * opt.size, .len = VSOCK_HEADER};
    if (ioctl(q->vhost, VHOST_VSOCK_SET_GUEST_CID, &cid)) fail("VHOST_VSOCK_SET_GUEST_CID");
    if (ioctl(q->vhost, VHOST_VSOCK_SET_RUNNING, &running)) fail("VHOST_VSOCK_SET_RUNNING");
}

/* The descriptor of a buffer that a table describes, in TABLE parts. */
static struct vring_desc table_of(size_t offset, unsigned i, uint64_t buffer)
{
    uint64_t at = offset + 2 * ring_bytes() + buffer_bytes() + (uint64_t)i * TABLE * sizeof(struct vring_desc);
    struct vring_desc *table = (void *)(memory + at);
    for (unsigned part = 0; part < TABLE; part++) {
        unsigned from = opt.size / TABLE * part, to = part + 1 < TABLE ? opt.size / TABLE * (part + 1) : opt.size;
        table[part] = (struct vring_desc){.addr = buffer + from, .len = to - from, .flags = VRING_DESC_F_WRITE, .next = part + 1};
        if (part + 1 < TABLE) table[part].flags |= VRING_DESC_F_NEXT;
    }
    return (struct vring_desc){.addr = at, .len = TABLE * sizeof(struct vring_desc), .flags = VRING_DESC_F_INDIRECT};
}

/* Writes what describes buffer `i` of the RX ring. */
static void describe(struct queue *q, unsigned i)
{
    uint64_t buffer = q->offset + 2 * ring_bytes() + (uint64_t)i * opt.size;
    q->rx.vring.desc[i] = indirect() ? table_of(q->offset, i, buffer)
                                     : (struct vring_desc){.addr = buffer, .len = opt.size, .flags = VRING_DESC_F_WRITE};
}

/* All descriptors of a transmit ring are one and the same frame, of a type that nobody on the host takes. */
static void fill_tx(struct ring *tx, size_t at)
{
    memcpy(memory + at + NET_HEADER, "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\1\x88\xb5", 14);
    for (unsigned i = 0; i < opt.ring; i++) tx->vring.desc[i] = (struct vring_desc){.addr = at, .len = NET_HEADER + TX_FRAME};
}

static void open_vhost(struct queue *q, size_t offset)
{
    uint64_t offered;
    struct {
        struct vhost_memory head;
        struct vhost_memory_region region;
    } table = {.head.nregions = 1, .region = {.memory_size = memory_size, .userspace_addr = (uintptr_t)memory}};

    q->vhost = vhost_device();
    if (opt.kthread) {
        uint8_t from_owner = 0;
        if (ioctl(q->vhost, VHOST_SET_FORK_FROM_OWNER, &from_owner)) fail("VHOST_SET_FORK_FROM_OWNER");
    }
    if (ioctl(q->vhost, VHOST_SET_OWNER)) fail("VHOST_SET_OWNER");
    if (ioctl(q->vhost, VHOST_GET_FEATURES, &offered)) fail("VHOST_GET_FEATURES");
    if (opt.features & ~offered)
        fprintf(stderr, "guest: this kernel does not offer the features 0x%llx, going without\n",
                (unsigned long long)(opt.features & ~offered));
    opt.features &= offered;
    if (ioctl(q->vhost, VHOST_SET_FEATURES, &opt.features)) fail("VHOST_SET_FEATURES");
    if (ioctl(q->vhost, VHOST_SET_MEM_TABLE, &table)) fail("VHOST_SET_MEM_TABLE");

    vring_init(&q->rx.vring, opt.ring, memory + offset, 4096);
    vring_init(&q->tx.vring, opt.ring, memory + offset + ring_bytes(), 4096);
    q->offset = offset;
    for (unsigned i = 0; i < opt.ring && !opt.fresh; i++) describe(q, i);
    if (opt.behaviour == TX_FLOOD || opt.transmit) fill_tx(&q->tx, offset + queue_bytes() - aligned(NET_HEADER + TX_FRAME));
    set_ring(q, 0, &q->rx);
    set_ring(q, 1, &q->tx);
    q->seen = opt.base;
}

/* ---------------------------------------------------------------- the guest's side of the RX ring */

static uint16_t used_index(struct ring *r) { return __atomic_load_n(&r->vring.used->idx, __ATOMIC_ACQUIRE); }
static unsigned outstanding(struct queue *q) { return (uint16_t)(q->rx.posted - used_index(&q->rx)); }

static void kick(struct ring *ring)
{
    uint64_t one = 1;
    if (write(ring->kick, &one, sizeof(one)) < 0 && errno != EAGAIN) fail("kick");
}

/* Posts `count` buffers, as many as fit, and kicks when vhost asks for it, as a driver does. */
static void post_to(struct ring *r, unsigned count)
{
    uint16_t before = r->posted;
    unsigned room = opt.ring - (uint16_t)(r->posted - used_index(r));
    for (count = count < room ? count : room; count > 0; count--, r->posted++)
        r->vring.avail->ring[r->posted % opt.ring] = r->posted % opt.ring;
    if (r->posted == before) return;
    __atomic_store_n(&r->vring.avail->idx, r->posted, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (opt.features & F(VIRTIO_RING_F_EVENT_IDX)) {
        if (vring_need_event(*(volatile uint16_t *)&vring_avail_event(&r->vring), r->posted, before)) kick(r);
    } else if (!(*(volatile uint16_t *)&r->vring.used->flags & VRING_USED_F_NO_NOTIFY)) {
        kick(r);
    }
}

/*
 * busy-poll: a kick a millisecond of the transmit ring, which holds nothing, so that no index moves: the worker polls without
 * end, and the kick only wakes it when it had to give way. vsock-flood: packets that vhost_vsock drops, as they have no
 * address, so many that its worker never sleeps. tx-flood, --transmit: frames that the host drops, from a full transmit ring.
 */
static void *storm(void *unused)
{
    struct ring *tx = &queues[opt.queue].tx;
    while (!stopping) {
        if (storming && opt.behaviour != BUSY_POLL) post_to(tx, opt.ring);
        else if (storming) kick(tx);
        sleep_ms(storming ? 1 : 50);
    }
    return unused;
}

static void post(struct queue *q, unsigned count)
{
    for (unsigned i = 0; i < count && i < opt.ring && opt.fresh; i++) describe(q, (uint16_t)(q->rx.posted + i) % opt.ring);
    post_to(&q->rx, count);
}

/* Takes note of what vhost has filled. */
static void collect(struct queue *q)
{
    uint64_t calls;
    uint16_t used = used_index(&q->rx);
    if (read(q->rx.call, &calls, sizeof(calls)) < 0 && errno != EAGAIN) fail("call");
    q->received += (uint16_t)(used - q->seen);
    q->seen = used;
    vring_used_event(&q->rx.vring) = used; /* ask for the next call */
}

static void print_truth(unsigned index)
{
    struct queue *q = &queues[index];
    struct vhost_vring_state base = {.index = 0};
    if (ioctl(q->vhost, VHOST_GET_VRING_BASE, &base)) fail("VHOST_GET_VRING_BASE");
    printf("truth queue=%u num=%u avail_idx=%u last_avail_idx=%u last_used_idx=%u tx_used_idx=%u features=0x%llx received=%llu sent=%llu t=%.6f\n",
           index, opt.ring, q->rx.posted, base.num & 0xffff, used_index(&q->rx), used_index(&q->tx), (unsigned long long)opt.features,
           (unsigned long long)q->received, (unsigned long long)__atomic_load_n(&sent, __ATOMIC_RELAXED), now());
}

static void print_truths(void)
{
    for (unsigned i = 0; i < devices; i++) print_truth(i);
}

static void refill(void)
{
    if (!devices) return;
    if (storming && !opt.transmit) {
        storming = false;
        printf("calm t=%.6f\n", now());
        return;
    }
    /* Enough for the frame twice over, whatever else waits in front of it; the first time as few as was asked for. */
    for (unsigned i = 0; i < devices; i++)
        if (under_test(i)) post(&queues[i], opt.refill ? opt.refill : 2 * (opt.frame / opt.size + 1));
    opt.refill = 0;
    printf("refilled t=%.6f\n", now());
}

/* ---------------------------------------------------------------- frames */

static void open_sender(void)
{
    int one = 1, bytes = 8 << 20;
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = via_index};
    sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (sender < 0) fail("AF_PACKET");
    if (setsockopt(sender, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one))) fail("PACKET_VNET_HDR");
    if (setsockopt(sender, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes))) fail("SO_SNDBUFFORCE");
    if (bind(sender, (struct sockaddr *)&address, sizeof(address))) fail("bind to %s", opt.via ? opt.via : opt.tap);
}

/* Sends one TCP frame of `length` bytes, headers included, into the tap: above 1514 a GSO frame. False: dropped. */
static bool send_frame(unsigned length)
{
    static __thread unsigned char packet[sizeof(struct virtio_net_hdr) + 65600];
    struct virtio_net_hdr *header = (void *)packet;
    unsigned char *frame = packet + sizeof(*header), *ip = frame + 14, *tcp = ip + 20;
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = via_index, .sll_protocol = htons(ETH_P_IP), .sll_halen = 6};
    static const unsigned char guest[6] = {0x02, 0, 0, 0, 0, 1}, peer[6] = {0x02, 0, 0, 0, 0, 2};
    /* A macvtap takes only what is for its own address; a tap takes all. */
    const unsigned char *mac = opt.via ? tap_mac : guest;

    memset(packet, 0, sizeof(*header) + 54);
    header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    header->csum_start = 34;
    header->csum_offset = 16;
    if (length > ETH_FRAME_LEN) {
        header->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
        header->gso_size = 1448;
        header->hdr_len = 54;
    }
    memcpy(frame, mac, 6);
    memcpy(frame + 6, peer, 6);
    memcpy(to.sll_addr, mac, 6);
    frame[12] = 0x08;
    ip[0] = 0x45;
    *(uint16_t *)(ip + 2) = htons(length - 14);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, "\xc0\x00\x02\x02\xc0\x00\x02\x01", 8); /* 192.0.2.2 to 192.0.2.1 */
    *(uint16_t *)tcp = htons(40000);
    *(uint16_t *)(tcp + 2) = htons(5001);
    tcp[12] = 0x50;
    tcp[13] = 0x10;
    if (sendto(sender, packet, sizeof(*header) + length, 0, (struct sockaddr *)&to, sizeof(to)) >= 0) {
        __atomic_add_fetch(&sent, 1, __ATOMIC_RELAXED);
        return true;
    }
    if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR && errno != ENETDOWN) fail("sending a frame of %u bytes", length);
    __atomic_add_fetch(&dropped, 1, __ATOMIC_RELAXED);
    return false;
}

/* A length near `wanted` that steer() sends to `queue`. */
static unsigned length_for(unsigned queue, unsigned wanted) { return wanted - wanted % opt.queues + queue; }

/* The traffic generator: full speed, or --rate frames a second, to every queue that has a guest to take them. */
static void *traffic(void *unused)
{
    static const unsigned mixed[] = {90, 1400, 1400, 9000, 200, 24000, 1400};
    double start;
    while (opt.at_onset && !begun && !stopping) sleep_ms(50);
    start = now();
    for (uint64_t n = 0; !stopping && (opt.traffic_for < 0 || now() - start < opt.traffic_for); n++) {
        unsigned queue = n % opt.queues;
        if (opt.behaviour == VSOCK_FLOOD || opt.behaviour == TX_FLOOD || opt.behaviour == ADVERSARY) break;
        if (opt.behaviour != HEALTHY && opt.behaviour != SLOW && opt.behaviour != SEND && under_test(queue)) {
            if (opt.queues == 1 || opt.every) break;
            continue;
        }
        unsigned wanted = opt.behaviour == SLOW ? mixed[n / opt.queues % 7] : opt.traffic;
        if (!send_frame(opt.behaviour == SEND ? opt.frame : length_for(queue, wanted))) sched_yield();
        if (opt.rate > 0) {
            double ahead = start + n / opt.rate - now();
            if (ahead > 0) sleep_ms(ahead * 1000);
        }
    }
    printf("quiet t=%.6f\n", now());
    return unused;
}

/* ---------------------------------------------------------------- many threads */

static void *sleeper(void *unused)
{
    for (;;) pause();
    return unused;
}

static void start_sleepers(void)
{
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 160 << 10); /* with room for send_frame()'s packet, which each thread has */
    for (unsigned i = 0; i < opt.threads; i++)
        if (pthread_create(&thread, &small, sleeper, NULL)) fail("thread %u", i);
}

/* ---------------------------------------------------------------- an adversary */

static unsigned below(unsigned *seed, unsigned limit) { return (unsigned)rand_r(seed) % limit; }

/* A worker that spins uses a CPU, and so does another: without this the guest would pause for longer than it means to. */
static void be_on_time(void)
{
    struct sched_param priority = {.sched_priority = 10};
    if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority)) fail("SCHED_FIFO");
}

/* A burst that finds buffers: from a few small frames to super-packets one after the other. */
static void burst(unsigned queue, unsigned *seed)
{
    unsigned kind = below(seed, 3);
    for (unsigned count = 1 + below(seed, kind == 0 ? 400 : 40); count > 0 && !stopping; count--)
        send_frame(length_for(queue, kind == 0 ? 64 + below(seed, 1400) : kind == 1 ? 40000 + below(seed, 25500) : 64 + below(seed, 65400)));
}

/*
 * The guest stops giving buffers back, is left with a few, and gets a frame that just fits them, or just does not: then its
 * worker spins until the guest goes on, or sooner, as of what was sent before something may wait already. How long the pause
 * was, 0.1 to LONGEST_PAUSE seconds, is printed: from before the last buffers to after the next.
 */
static void pause_guest(unsigned index, unsigned *seed)
{
    struct queue *q = &queues[index];
    unsigned left = 1 + below(seed, 15), capacity;
    bool fits = below(seed, 3) == 0;
    double began = now(), end = began + 0.1 + (LONGEST_PAUSE - 0.1) * below(seed, 1000) / 1000;
    q->dry = true;
    sleep_ms(20); /* the main thread has seen it, and vhost has taken what was sent before */
    while (outstanding(q) > left && now() < end && !stopping) {
        send_frame(length_for(index, 64));
        sleep_ms(1);
    }
    capacity = outstanding(q) * opt.size - NET_HEADER;
    if (capacity > 65400) capacity = 65400;
    send_frame(length_for(index, fits ? capacity - below(seed, 64) : capacity + 2 * opt.queues + below(seed, 64)));
    if (fits && below(seed, 2)) send_frame(length_for(index, 1400)); /* waits, for there is no buffer at all */
    while (now() < end && !stopping) sleep_ms(5);
    unsigned had = outstanding(q);
    q->dry = false;
    while (outstanding(q) <= had && now() < end + 10 && !stopping) sleep_ms(1);
    printf("paused queue=%u fits=%d capacity=%u seconds=%.3f\n", index, fits, capacity, now() - began);
}

/* Healthy traffic that does its worst, to one queue. */
static void *adversary(void *number)
{
    unsigned index = (uintptr_t)number, seed = opt.seed + index;
    be_on_time();
    while (!stopping) {
        burst(index, &seed);
        sleep_ms(below(&seed, 500));
        pause_guest(index, &seed);
        sleep_ms(below(&seed, 1000));
    }
    return NULL;
}

static void start_adversaries(void)
{
    pthread_t thread;
    be_on_time();
    for (uintptr_t i = 0; i < opt.queues; i++)
        if (pthread_create(&thread, NULL, adversary, (void *)i)) fail("pthread_create");
}

/* ---------------------------------------------------------------- the story */

static void usage(FILE *to)
{
    fputs("usage: guest [OPTION]...\n"
          "       guest [--tap NAME] [--queues N] [--existing | --macvtap] -- COMMAND...\n"
          "The second form opens the tap, N times, as fd 20 and up, and /dev/vhost-net as fd 40 and up, and becomes COMMAND.\n"
          "  --tap NAME            the tap to create (tap9)\n"
          "  --existing            the tap may exist already (ip tuntap add TAP mode tap vnet_hdr [multi_queue]): it stays when the guest\n"
          "                        leaves\n"
          "  --macvtap             it is a macvtap that is there already; needs --via to be sent to; one queue\n"
          "  --via IFACE           send the frames there, to the tap's own MAC address: the other end of its bridge or veth (the tap)\n"
          "  --behaviour B         livelock, healthy, slow, starved, kick-storm (livelock), or send: no VMM, only frames of --frame\n"
          "                        bytes, --rate a second, to the --tap of somebody else; busy-poll: from the onset on its worker polls\n"
          "                        an empty transmit queue (busyloop_timeout); vsock-flood: from the onset on it sends to a vhost_vsock device\n"
          "                        what is dropped there, as fast as it can; without a tap. tx-flood: from the onset on it transmits as fast as it can.\n"
          "                        adversary: bursts, and on each queue pauses of 0.1 to 2.5 s with a frame that just fits the buffers that are left, or\n"
          "                        just does not\n"
          "  --seed N              adversary: of its dice (1)\n"
          "  --threads N           N threads more, which sleep (0)\n"
          "  --ring N              size of the ring (256)    --buffers N   buffers posted at first (10; starved: 0)\n"
          "  --size BYTES          of a buffer (4096)        --frame BYTES the big frame (60366)\n"
          "  --features LIST       of in_order, event_idx, no_mrg, indirect (each buffer by a table of two descriptors)\n"
          "  --queues N            queue pairs, one vhost device each (1); --behaviour is that of --queue K (0), the others are healthy\n"
          "  --every-queue         --behaviour is that of all queues, each has a frame of its own\n"
          "  --detach K            detach queue K from the tap, as for a guest that uses fewer queues than there are\n"
          "  --seconds N           leave after N seconds (0: stay until a signal)\n"
          "  --onset-after S       send the big frame S seconds after the start (0; below 0: at SIGHUP)\n"
          "  --refill-after S      refill S seconds after the onset (never)\n"
          "  --refill N            so many buffers at the first refill (twice what the frame needs; always so from the second on)\n"
          "  --fresh               descriptors are empty until their buffer is posted, as those of a driver that has just begun\n"
          "  --traffic BYTES       frames of healthy traffic (1400)\n"
          "  --traffic-at-onset    the behaviour begins at the onset: traffic, kicks, slow buffers (at the start)\n"
          "  --traffic-for S       the traffic ends after S seconds (never)\n"
          "  --dry-after S         healthy: S seconds after the start it gives no buffer back any more (never)\n"
          "  --base N              index at which all rings begin, as after a migration (0)\n"
          "  --interval-ms N       slow: one buffer each N ms (20)\n"
          "  --rate N              frames (kick-storm: kicks) a second; 0: full speed (healthy 0, slow 200, else 200)\n"
          "  --kicks               livelock: kick the receive queue --rate times a second as well\n"
          "  --transmit            livelock, starved: from the onset on transmit at full speed on --queue, whatever becomes of the rest\n"
          "  --ipv6-noise          leave IPv6 on: the kernel's own frames take the first buffers\n"
          "  --kthread             worker as a kthread, by VHOST_SET_FORK_FROM_OWNER 0 (Linux 6.17 and later)\n"
          "  --poses-as WORD...    the rest of the command line is ignored: for a command line that looks like another VMM's\n"
          "  --hang FILE           at SIGQUIT hang on FILE, which is on a file system that was frozen (fsfreeze -f) after the start: one\n"
          "                        thread is in a page fault, another holds the process's memory map; both in D until the thaw\n"
          "  --hang-main           the one in the page fault is the main thread: no signal is answered until the thaw\n"
          "SIGUSR1 refills (ends a storm), SIGUSR2 prints the truth lines, SIGHUP is the onset (send: one more frame), SIGTERM and SIGINT detach and leave.\n"
          "Lines on stdout: ready, onset, unsent (it could not be), quiet (no more traffic), refilled, calm, paused, truth, hanging, thawed, done; t is CLOCK_MONOTONIC\n"
          "in seconds.\n",
          to);
}

static unsigned number(const char *name, const char *text, unsigned low, unsigned high)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || end == text || value < low || value > high) {
        fprintf(stderr, "guest: --%s %s: a number from %u to %u is wanted\n", name, text, low, high);
        exit(64);
    }
    return value;
}

static void feature(char *list)
{
    for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
        if (!strcmp(name, "in_order")) opt.features |= F(VIRTIO_F_IN_ORDER);
        else if (!strcmp(name, "event_idx")) opt.features |= F(VIRTIO_RING_F_EVENT_IDX);
        else if (!strcmp(name, "indirect")) opt.features |= F(VIRTIO_RING_F_INDIRECT_DESC);
        else if (!strcmp(name, "no_mrg")) opt.features &= ~F(VIRTIO_NET_F_MRG_RXBUF);
        else { fprintf(stderr, "guest: unknown feature %s\n", name); exit(64); }
    }
}

static enum behaviour behaviour(const char *name)
{
    for (unsigned i = 0; i < sizeof(behaviours) / sizeof(*behaviours); i++)
        if (!strcmp(name, behaviours[i])) return i;
    fprintf(stderr, "guest: unknown behaviour %s\n", name);
    exit(64);
}

static void parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"tap", 1, 0, 't'}, {"behaviour", 1, 0, 'b'}, {"ring", 1, 0, 'r'}, {"buffers", 1, 0, 'n'}, {"size", 1, 0, 's'},
        {"frame", 1, 0, 'f'}, {"features", 1, 0, 'F'}, {"queues", 1, 0, 'Q'}, {"queue", 1, 0, 'q'}, {"seconds", 1, 0, 'S'},
        {"onset-after", 1, 0, 'o'}, {"refill-after", 1, 0, 'R'}, {"interval-ms", 1, 0, 'i'}, {"rate", 1, 0, 'p'},
        {"traffic-for", 1, 0, 'T'}, {"dry-after", 1, 0, 'd'}, {"base", 1, 0, 'B'},
        {"existing", 0, 0, 'e'}, {"macvtap", 0, 0, 'm'}, {"via", 1, 0, 'v'}, {"hang", 1, 0, 'H'}, {"hang-main", 0, 0, 'M'},
        {"poses-as", 0, 0, 'P'}, {"seed", 1, 0, 'D'}, {"threads", 1, 0, 'N'},
        {"poses-as", 0, 0, 'P'}, {"traffic", 1, 0, 'l'}, {"traffic-at-onset", 0, 0, 'O'}, {"refill", 1, 0, 'c'}, {"kicks", 0, 0, 'K'},
        {"fresh", 0, 0, 'E'}, {"detach", 1, 0, 'x'}, {"transmit", 0, 0, 'X'}, {"every-queue", 0, 0, 'A'},
        {"ipv6-noise", 0, 0, '6'}, {"kthread", 0, 0, 'k'}, {"help", 0, 0, 'h'}, {0}};
    bool buffers = false;
    int option = 0, at = 0;
    while (option != 'P' && (option = getopt_long(argc, argv, "+h", options, &at)) != -1) {
        const char *name = option == '?' ? "" : options[at].name;
        switch (option) {
        case 't': opt.tap = optarg; break;
        case 'b': opt.behaviour = behaviour(optarg); break;
        case 'r': opt.ring = number(name, optarg, 2, 32768); break;
        case 'n': opt.buffers = number(name, optarg, 0, 32768); buffers = true; break;
        case 's': opt.size = number(name, optarg, 64, 1 << 20); break;
        case 'f': opt.frame = number(name, optarg, 60, 65549); break;
        case 'F': feature(optarg); break;
        case 'Q': opt.queues = number(name, optarg, 1, MAX_QUEUES); break;
        case 'q': opt.queue = number(name, optarg, 0, MAX_QUEUES - 1); break;
        case 'S': opt.seconds = atof(optarg); break;
        case 'o': opt.onset_after = atof(optarg); break;
        case 'R': opt.refill_after = atof(optarg); break;
        case 'i': opt.interval_ms = number(name, optarg, 1, 60000); break;
        case 'p': opt.rate = atof(optarg); break;
        case 'T': opt.traffic_for = atof(optarg); break;
        case 'd': opt.dry_after = atof(optarg); break;
        case 'B': opt.base = number(name, optarg, 0, 65535); break;
        case 'P': optind = argc; break;
        case 'N': opt.threads = number(name, optarg, 0, 100000); break;
        case 'D': opt.seed = number(name, optarg, 0, 1 << 30); break;
        case 'l': opt.traffic = number(name, optarg, 60, 65549); break;
        case 'O': opt.at_onset = true; break;
        case 'c': opt.refill = number(name, optarg, 1, 32768); break;
        case 'K': opt.kicks = true; break;
        case 'X': opt.transmit = true; break;
        case 'A': opt.every = true; break;
        case 'x': opt.detach = (int)number(name, optarg, 0, MAX_QUEUES - 1); break;
        case 'E': opt.fresh = true; break;
        case 'e': opt.existing = true; break;
        case 'm': opt.macvtap = true; break;
        case 'v': opt.via = optarg; break;
        case 'H': opt.hang = optarg; break;
        case 'M': opt.hang_main = true; break;
        case '6': opt.ipv6_noise = true; break;
        case 'k': opt.kthread = true; break;
        case 'h': usage(stdout); exit(0);
        default: usage(stderr); exit(64);
        }
    }
    if (optind < argc && !strcmp(argv[optind - 1], "--")) {
        opt.command = argv + optind;
        optind = argc;
    }
    if (opt.macvtap && opt.queues > 1 && !opt.command) {
        fputs("guest: --macvtap has one queue: which one a frame goes to cannot be told there\n", stderr);
        exit(64);
    }
    if (optind < argc || opt.queue >= opt.queues || opt.detach >= (int)opt.queues || (opt.ring & (opt.ring - 1)) || opt.buffers > opt.ring) {
        fputs("guest: --queue must be below --queues, --ring a power of two and --buffers not above it\n", stderr);
        usage(stderr);
        exit(64);
    }
    if (!buffers && opt.behaviour == STARVED) opt.buffers = 0;
    if (!buffers && opt.behaviour == HEALTHY) opt.buffers = opt.ring;
    if (opt.behaviour == ADVERSARY) opt.buffers = FULL;
    if (opt.rate < 0) opt.rate = opt.behaviour == HEALTHY || opt.behaviour == KICK_STORM ? 0 : 200;
}

/* ---------------------------------------------------------------- hanging */

static char *hanging; /* a page of --hang */
static sem_t hang_begins;
static pid_t hang_victim;

static bool in_d_state(pid_t thread)
{
    char path[64], text[256], *state;
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0) close(fd);
    if (length <= 0) return false;
    text[length] = 0;
    state = strrchr(text, ')');
    return state && state[1] && state[2] == 'D';
}

/* The write fault asks the frozen file system and waits for it, with the page's area locked against change. */
static void write_fault(void)
{
    __atomic_store_n(&hang_victim, gettid(), __ATOMIC_RELEASE);
    *(volatile char *)hanging = 1;
    printf("thawed t=%.6f\n", now());
}

static void *faulting_thread(void *unused)
{
    while (sem_wait(&hang_begins)) continue;
    write_fault();
    return unused;
}

/* Changing that area takes the process's memory map for writing, and waits: now whoever wants to read the map waits too. */
static void *changing_thread(void *unused)
{
    pid_t victim;
    while (!(victim = __atomic_load_n(&hang_victim, __ATOMIC_ACQUIRE)) || !in_d_state(victim)) sleep_ms(20);
    printf("hanging t=%.6f\n", now());
    if (mprotect(hanging, 4096, PROT_READ | PROT_WRITE | PROT_EXEC)) fail("mprotect");
    return unused;
}

/* All that the threads will touch is made present now: afterwards a fault might wait as well. */
static void prepare_hang(void)
{
    static const char page[4096];
    pthread_t thread;
    int fd = open(opt.hang, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, page, sizeof(page)) != sizeof(page) || fsync(fd)) fail("%s", opt.hang);
    hanging = mmap(NULL, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (hanging == MAP_FAILED) fail("mmap of %s", opt.hang);
    close(fd);
    sem_init(&hang_begins, 0, 0);
    if (!opt.hang_main && pthread_create(&thread, NULL, faulting_thread, NULL)) fail("pthread_create");
    if (pthread_create(&thread, NULL, changing_thread, NULL)) fail("pthread_create");
    if (mlockall(MCL_CURRENT)) fail("mlockall");
}

static void hang(void)
{
    if (!opt.hang) return;
    if (opt.hang_main) write_fault();
    else sem_post(&hang_begins);
}

/* ---------------------------------------------------------------- set-up */

/* Where `fd` must be for COMMAND, to stay open there. */
static void hand_over(int fd, int as)
{
    if (dup2(fd, as) < 0) fail("dup2 to %d", as);
    close(fd);
}

static void become_command(void)
{
    for (unsigned i = 0; i < opt.queues; i++) {
        hand_over(open_tap(), FIRST_TAP_FD + i);
        hand_over(vhost_device(), FIRST_VHOST_FD + i);
    }
    execvp(opt.command[0], opt.command);
    fail("%s", opt.command[0]);
}

static void set_up(void)
{
    bool exists = opt.behaviour != VSOCK_FLOOD && if_nametoindex(opt.tap), others = opt.macvtap || opt.behaviour == SEND;
    if (exists ? !opt.existing && !others : others) {
        fprintf(stderr, "guest: %s %s\n", opt.tap, exists ? "exists already" : "does not exist");
        exit(1);
    }
    if (opt.command) become_command();
    if (opt.behaviour == SEND) {
        tap_up();
        open_sender();
        return;
    }
    if (opt.behaviour == VSOCK_FLOOD) opt.features = F(VIRTIO_F_VERSION_1);
    memory_size = opt.queues * queue_bytes();
    memory = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) fail("mmap of %zu bytes", memory_size);
    if (opt.behaviour == VSOCK_FLOOD) {
        open_vhost(&queues[0], 0);
        run_vsock(&queues[0]);
        devices = 1;
        return;
    }
    for (unsigned i = 0; i < opt.queues; i++) queues[i].tap = open_tap();
    if (opt.queues > 1) steer(queues[0].tap);
    for (unsigned i = 0; i < opt.queues; i++) {
        open_vhost(&queues[i], i * queue_bytes());
        if (opt.behaviour == BUSY_POLL && i == opt.queue) poll_busily(&queues[i]);
        post(&queues[i], under_test(i) || opt.behaviour == ADVERSARY ? opt.buffers : opt.ring);
        set_backend(&queues[i], queues[i].tap);
    }
    if (opt.detach >= 0) detach(queues[opt.detach].tap);
    tap_up();
    open_sender();
    kick(&queues[opt.queue].rx);
    devices = opt.queues;
}

/* What the queue under test waits for at `onset`: the frame that does not fit, or one that finds no buffer. */
static void onset(void)
{
    if (opt.behaviour == LIVELOCK || opt.behaviour == STARVED || opt.behaviour == SEND) {
        bool gone = true;
        for (unsigned i = 0; i < (opt.every ? opt.queues : 1) && gone; i++) {
            unsigned wanted = opt.behaviour != STARVED ? opt.frame : 90;
            unsigned length = opt.every ? length_for(i, wanted) : opt.behaviour != STARVED ? wanted : length_for(opt.queue, wanted);
            gone = false;
            /* Under load the socket's buffer may be full for a moment. */
            for (int tries = 0; tries < 100 && !(gone = send_frame(length)); tries++) sleep_ms(10);
        }
        storming = opt.transmit;
        printf("%s t=%.6f\n", gone ? "onset" : "unsent", now());
    } else if (opt.behaviour == BUSY_POLL || opt.behaviour == VSOCK_FLOOD || opt.behaviour == TX_FLOOD) {
        storming = true;
        printf("onset t=%.6f\n", now());
    } else if (opt.at_onset) {
        printf("onset t=%.6f\n", now());
    }
}

/* One round of the guest: takes what came, gives buffers back as its behaviour says. */
static void serve(double *next_buffer, double *next_kick)
{
    for (unsigned i = 0; i < devices; i++) {
        struct queue *q = &queues[i];
        collect(q);
        if (opt.behaviour == ADVERSARY) {
            if (!q->dry && outstanding(q) < FULL) post(q, FULL - outstanding(q));
        } else if (!under_test(i) || opt.behaviour == HEALTHY) {
            unsigned target = under_test(i) ? opt.buffers : opt.ring, have = outstanding(q);
            bool dry = under_test(i) && opt.dry_after >= 0 && now() - started >= opt.dry_after;
            if (have < target && !dry) post(q, target - have);
        } else if (opt.at_onset && !begun) {
            continue;
        } else if (opt.behaviour == SLOW && now() >= *next_buffer) {
            post(q, 1);
            *next_buffer = now() + opt.interval_ms / 1000.0;
        } else if ((opt.behaviour == KICK_STORM || opt.kicks) && now() >= *next_kick) {
            kick(&q->rx);
            if (opt.rate > 0) *next_kick = now() + 1 / opt.rate;
        }
    }
}

int main(int argc, char **argv)
{
    sigset_t signals;
    pthread_t generator, stormer;
    bool onset_asked = false;
    double onset_at = 0, next_buffer = 0, next_kick = 0;
    struct pollfd fds[MAX_QUEUES + 1];

    parse(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGQUIT);
    if (opt.command) set_up();
    sigprocmask(SIG_BLOCK, &signals, NULL);
    fds[0] = (struct pollfd){.fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC), .events = POLLIN};

    set_up();
    for (unsigned i = 0; i < devices; i++) fds[i + 1] = (struct pollfd){.fd = queues[i].rx.call, .events = POLLIN};
    started = now();
    if (pthread_create(&generator, NULL, traffic, NULL)) fail("pthread_create");
    if (opt.behaviour == BUSY_POLL || opt.behaviour == VSOCK_FLOOD || opt.behaviour == TX_FLOOD || opt.transmit)
        if (pthread_create(&stormer, NULL, storm, NULL)) fail("pthread_create");
    start_sleepers();
    if (opt.behaviour == ADVERSARY) start_adversaries();
    if (opt.hang) prepare_hang();
    printf("ready pid=%d tap=%s queues=%u t=%.6f\n", getpid(), opt.tap, devices, started);

    while (!stopping) {
        struct signalfd_siginfo info;
        bool kicking = opt.behaviour == KICK_STORM || opt.kicks;
        /* Dozens of guests that wait for their turn must not keep an emulated host busy; signals and calls wake this. */
        int wait = opt.at_onset && !begun ? 500 : kicking && (begun || !opt.at_onset) ? (opt.rate > 0 ? 1 : 0) : opt.behaviour == ADVERSARY ? 1 : 5;
        if (poll(fds, devices + 1, wait) < 0 && errno != EINTR) fail("poll");
        while (read(fds[0].fd, &info, sizeof(info)) == sizeof(info)) {
            if (info.ssi_signo == SIGUSR1) refill();
            else if (info.ssi_signo == SIGUSR2) print_truths();
            else if (info.ssi_signo == SIGHUP) onset_asked = true;
            else if (info.ssi_signo == SIGQUIT) hang();
            else stopping = true;
        }
        serve(&next_buffer, &next_kick);
        if (!begun && (onset_asked || (opt.onset_after >= 0 && now() - started >= opt.onset_after))) {
            begun = true;
            onset_at = now();
            onset();
        }
        if (begun && opt.refill_after >= 0 && now() - onset_at >= opt.refill_after) {
            opt.refill_after = -1;
            refill();
        }
        if (opt.seconds > 0 && now() - started >= opt.seconds) stopping = true;
    }

    pthread_join(generator, NULL);
    print_truths();
    for (unsigned i = 0; i < devices; i++) set_backend(&queues[i], -1);
    printf("done sent=%llu dropped=%llu seconds=%.3f\n", (unsigned long long)sent, (unsigned long long)dropped, now() - started);
    return 0;
}
