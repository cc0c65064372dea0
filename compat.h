/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between kernel versions
 *
 * Only this file mentions kernel versions (dkms.conf has the oldest, too): the
 * other files are written for the newest kernel. Each entry names the version in
 * which it ends. Delete it when older kernels are no longer supported.
 */
#ifndef HAVEGE_COMPAT_H
#define HAVEGE_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "havege_rng needs Linux 5.10 or later"
#endif

/*
 * What the KUnit suites call is exported to their module. Before 6.3 that was
 * not possible. Two steps, because sparse does not know __has_include.
 */
#include <linux/export.h>
#ifdef __has_include
#if __has_include("kunit/visibility.h")
#include <kunit/visibility.h>
#endif
#endif
#ifndef EXPORT_SYMBOL_IF_KUNIT
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#endif

/* Before 6.13 the name of a namespace had no quotation marks. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define HAVEGE_KUNIT_NS	EXPORTED_FOR_KUNIT_TESTING
#else
#define HAVEGE_KUNIT_NS	"EXPORTED_FOR_KUNIT_TESTING"
#endif

/*
 * The parameters beside fill_threshold, cpus, contribute and mode. The series for
 * the kernel tree (scripts/series) leaves them out.
 */
#define HAVEGE_ALL_PARAMS

/*
 * The files are in /sys/devices/havege_rng/ on all kernels. The driver of a
 * kernel tree (scripts/series) has a faux device instead, which began in 6.14.
 */
#define HAVEGE_ROOT_DEVICE

/*
 * The file summary has all figures, for havege-status. In the kernel tree it would
 * break the rule of one value a file.
 */
#define HAVEGE_SUMMARY

#include <linux/sched/isolation.h>

/* Before 5.18 housekeeping_cpumask() took flags instead of a type. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
#define HK_TYPE_DOMAIN	HK_FLAG_DOMAIN
#define HK_TYPE_KTHREAD	HK_FLAG_KTHREAD
#define HK_TYPE_TICK	HK_FLAG_TICK
#endif

/**
 * havege_cpu_is_isolated() - whether a CPU is isolated from the scheduler
 * @cpu:	the CPU
 *
 * Before 6.4 only isolcpus= could be queried, not isolated cpuset partitions.
 *
 * Return: true if it is isolated.
 */
static inline bool havege_cpu_is_isolated(int cpu)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	return !housekeeping_cpu(cpu, HK_TYPE_DOMAIN);
#else
	return cpu_is_isolated(cpu);
#endif
}

#include <linux/notifier.h>
#include <linux/random.h>

/**
 * havege_register_vmfork() - register a notifier for VM forks
 * @nb:		the notifier
 *
 * Before 5.18 the kernel had none: the notifier is then never called.
 *
 * Return: 0 or an error.
 */
static inline int havege_register_vmfork(struct notifier_block *nb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
	return 0;
#else
	return register_random_vmfork_notifier(nb);
#endif
}

/**
 * havege_unregister_vmfork() - unregister a notifier for VM forks
 * @nb:		the notifier
 */
static inline void havege_unregister_vmfork(struct notifier_block *nb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
	unregister_random_vmfork_notifier(nb);
#endif
}

#include <linux/io.h>
#ifdef CONFIG_X86_PAE
#include <linux/pgtable.h>
#endif

/**
 * havege_memremap() - map memory with memremap()
 * @address:	physical address
 * @size:	in bytes
 *
 * On a 32-bit x86 kernel with PAE, 6.12 and older, memremap() loses the upper
 * half of the address: it maps other memory, without an error.
 *
 * Return: the mapping, or NULL if there is none of this address.
 */
static inline void *havege_memremap(phys_addr_t address, size_t size)
{
	void *mapping = memremap(address, size, MEMREMAP_WB);

#ifdef CONFIG_X86_PAE
	if (mapping && slow_virt_to_phys(mapping) != address) {
		memunmap(mapping);
		mapping = NULL;
	}
#endif
	return mapping;
}

#include <linux/minmax.h>
#include <linux/sched.h>

/* The kernel's struct hwrng has no any_size (series/0002-*.patch). */
#define HAVEGE_CALL_LIMIT

/**
 * havege_call_limit() - limit what one call gives to a user's task
 * @max:	bytes that the hw_random core wants
 * @stream:	whether they are walk words
 * @virtual:	whether this machine may be a virtual one
 *
 * The core asks for 64 bytes and keeps the rest for the next reader. Two copies
 * of a virtual machine would both hand it out. Of one byte nothing is left. Walk
 * words are for speed: 16 of them are at most one cipher block. The core's own
 * thread uses all bytes at once.
 *
 * Ends with the kernel whose struct hwrng has any_size: its core keeps nothing.
 *
 * Return: bytes to give at most.
 */
static inline size_t havege_call_limit(size_t max, bool stream, bool virtual)
{
	const size_t limit = stream ? 16 : 1;

	if (!virtual || (current->flags & PF_KTHREAD))
		return max;
	return min(max, limit);
}

/* Before 5.11 <crypto/sha2.h> was part of <crypto/sha.h>. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#include <crypto/sha.h>
#else
#include <crypto/sha2.h>
#endif

/*
 * sha256_update() takes a struct sha256_ctx; up to some kernel after 6.12 it
 * took a struct sha256_state. The type of sha256_final() tells which.
 */
struct sha256_ctx;
struct sha256_state;
#define HAVEGE_SHA256_NEW						\
	__builtin_types_compatible_p(typeof(sha256_final),		\
				     void (struct sha256_ctx *, u8 *))

/* The kernel's SHA-256 context under a fixed name. */
struct havege_sha256 {
	typeof(*__builtin_choose_expr(HAVEGE_SHA256_NEW,
				      (struct sha256_ctx *)NULL,
				      (struct sha256_state *)NULL)) context;
};

/*
 * cpuid_count() moved from <asm/processor.h> to a header of its own; delete
 * this test with the last kernel without that header. Two steps, as above.
 */
#if defined(CONFIG_X86) && defined(__has_include)
#if __has_include("asm/cpuid/api.h")
#include <asm/cpuid/api.h>
#endif
#endif

#endif /* HAVEGE_COMPAT_H */
