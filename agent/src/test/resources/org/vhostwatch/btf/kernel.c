/* A kernel in miniature: what the offsets of the test are checked against. */
typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef u16 __virtio16;
enum mode { OFF, ON };
struct list_head { struct list_head *next, *prev; };
struct mutex { long owner; u32 lock; struct list_head wait_list; };
struct sk_buff {
	union { struct { struct sk_buff *next, *prev; union { void *dev; unsigned long dev_scratch; }; }; struct list_head list; };
	char cb[48] __attribute__((aligned(8)));
	unsigned int len, data_len;
	u16 mac_len, hdr_len;
	unsigned char cloned:1, nohdr:1, fclone:2;
	const volatile u32 priority;
};
struct task_struct { volatile long state; struct mutex lock; int pid, tgid; char comm[16]; int (*fn)(void *); enum mode mode; double ratio; };
struct shared_name { int from_kernel; };
struct sk_buff a; struct task_struct b; struct shared_name c;
