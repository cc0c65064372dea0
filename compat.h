/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The differences between the kernels this module is built for
 *
 * Nothing else in the tree mentions a kernel version: the other files are
 * written as for the newest kernel. Each entry says in which version it ends,
 * so that it can go when that one is no longer supported.
 */
#ifndef HAVEGE_COMPAT_H
#define HAVEGE_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "havege_rng needs Linux 5.10 or later"
#endif

#include <linux/sched/isolation.h>

/* Until 5.18 housekeeping_cpumask() took flags where it now takes a type. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
#define HK_TYPE_DOMAIN	HK_FLAG_DOMAIN
#define HK_TYPE_KTHREAD	HK_FLAG_KTHREAD
#define HK_TYPE_TICK	HK_FLAG_TICK
#endif

/*
 * Until 6.4 the isolated partitions of cpusets could not be asked for; what
 * isolcpus= isolates could.
 */
static inline bool havege_cpu_is_isolated(int cpu)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	return !housekeeping_cpu(cpu, HK_TYPE_DOMAIN);
#else
	return cpu_is_isolated(cpu);
#endif
}

/* Until 5.18 nobody told of VM forks. */
#include <linux/notifier.h>
#include <linux/random.h>
static inline int havege_register_vmfork(struct notifier_block *nb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
	return 0;
#else
	return register_random_vmfork_notifier(nb);
#endif
}

static inline void havege_unregister_vmfork(struct notifier_block *nb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
	unregister_random_vmfork_notifier(nb);
#endif
}

/* Until 5.11 <crypto/sha2.h> and another header were one. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#include <crypto/sha.h>
#else
#include <crypto/sha2.h>
#endif

/*
 * The context of sha256_update() is a struct sha256_ctx, and was a struct
 * sha256_state up to some kernel after 6.12. What sha256_final() takes says which.
 */
struct sha256_ctx;
struct sha256_state;
#define HAVEGE_SHA256_NEW						\
	__builtin_types_compatible_p(typeof(sha256_final),		\
				     void (struct sha256_ctx *, u8 *))

/**
 * struct havege_sha256 - the kernel's context, under a name that stays
 * @context:	what sha256_init() and its kin take
 */
struct havege_sha256 {
	typeof(*__builtin_choose_expr(HAVEGE_SHA256_NEW,
				      (struct sha256_ctx *)NULL,
				      (struct sha256_state *)NULL)) context;
};

/*
 * cpuid_count() came with <asm/processor.h> before it got a header of its own;
 * the test ends with the last kernel that has none. It is in two steps because
 * sparse does not know __has_include.
 */
#if defined(CONFIG_X86) && defined(__has_include)
#if __has_include("asm/cpuid/api.h")
#include <asm/cpuid/api.h>
#endif
#endif

#endif /* HAVEGE_COMPAT_H */
