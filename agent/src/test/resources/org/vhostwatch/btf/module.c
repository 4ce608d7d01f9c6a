typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
struct list_head { struct list_head *next, *prev; };
struct mutex { long owner; u32 lock; struct list_head wait_list; };
struct shared_name { long padding; int from_module; };
struct vhost_dev;
struct vhost_virtqueue {
	struct vhost_dev *dev; struct mutex mutex; u32 num; u16 last_avail_idx, avail_idx, last_used_idx;
	union { u64 acked_features; u64 acked_features_array[2]; };
	u32 busyloop_timeout; u32 user_be:1, seen:3; void *private_data;
	struct { u16 flags; u16 grid[3][4]; } ring[2];
};
struct vhost_net_buf { void **queue; int tail; int head; };
struct vhost_net_virtqueue { struct vhost_virtqueue vq; long vhost_hlen; struct vhost_net_buf rxq; };
struct vhost_net { struct vhost_dev *dev; struct vhost_net_virtqueue vqs[2]; unsigned tx_packets; char tail[]; };
struct vhost_net n; struct shared_name s;
