// SPDX-License-Identifier: GPL-2.0
/*
 * System events: CPU hotplug, suspend and hibernation, VM forks
 *
 * Callbacks may run in any collector state and must not wait for a start-up:
 * - CPU hotplug runs under cpus_read_lock(): it only queues work.
 * - PM_*_PREPARE stops the workers and wipes the buffer before it returns.
 *
 * A VM fork is seen in two ways:
 * - Generation ID: the hypervisor changes it before the copy executes its first
 *   instruction. Every read compares it.
 * - Kernel notifier: fires later. It restarts an idle collector.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/cpuhotplug.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/notifier.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/printk.h>
#include <linux/suspend.h>

#ifdef CONFIG_X86
#include <asm/cpufeature.h>
#endif

#include "compat.h"
#include "havege_collector.h"
#include "havege_events.h"

static struct havege_collector *collector;

/* VM generation ID */

#ifdef CONFIG_HAS_IOMEM
#ifdef CONFIG_ACPI
/* A hypervisor uses one of the two IDs; the kernel upper-cases them. */
static const char * const ids[] = { "VM_GEN_COUNTER", "VMGENCTR" };

/*
 * Search the kernel's list of ACPI devices, which allocates nothing. ACPI's own
 * search allocates, and without memory it finds no device. A list with IDs of
 * eight letters lacks this device: then use ACPI's search, twice, because a
 * shortage of memory may pass.
 */
#if ACPI_ID_LEN > 14
static acpi_handle find_device(const char *id)
{
	struct acpi_device *device = acpi_dev_get_first_match_dev(id, NULL, -1);
	acpi_handle handle = device ? device->handle : NULL;

	/* A hypervisor never removes the device. */
	if (device)
		acpi_dev_put(device);
	return handle;
}
#else
static acpi_status take_first(acpi_handle handle, u32 level, void *context,
			      void **found)
{
	*(acpi_handle *)context = handle;
	return AE_CTRL_TERMINATE;
}

static acpi_handle find_device(const char *id)
{
	acpi_handle handle = NULL;

	acpi_get_devices(id, take_first, &handle, NULL);
	if (!handle)
		acpi_get_devices(id, take_first, &handle, NULL);
	return handle;
}
#endif

/*
 * Read the address: a package of two integers, the lower and the upper half. An
 * address of 0 is none.
 */
static u64 address_of(acpi_handle device)
{
	struct acpi_buffer result = { ACPI_ALLOCATE_BUFFER, NULL };
	const union acpi_object *obj, *half;
	acpi_status status;
	u64 address = 0;

	status = acpi_evaluate_object(device, "ADDR", NULL, &result);
	obj = result.pointer;
	if (ACPI_SUCCESS(status) && obj && obj->type == ACPI_TYPE_PACKAGE &&
	    obj->package.count == 2) {
		half = obj->package.elements;
		if (half[0].type == ACPI_TYPE_INTEGER &&
		    half[1].type == ACPI_TYPE_INTEGER)
			address = half[0].integer.value |
				half[1].integer.value << 32;
	}
	/* Free it even after a failure, which may come after the allocation. */
	ACPI_FREE(result.pointer);
	return address;
}

static bool find_in_acpi(u64 *address)
{
	acpi_handle device = NULL;
	unsigned int i;

	if (acpi_disabled)
		return false;
	for (i = 0; !device && i < ARRAY_SIZE(ids); i++)
		device = find_device(ids[i]);
	if (device)
		*address = address_of(device);
	return device;
}
#else
static bool find_in_acpi(u64 *address)
{
	return false;
}
#endif

static bool find_in_device_tree(u64 *address)
{
	struct device_node *node;
	struct resource range;

	node = of_find_compatible_node(NULL, NULL, "microsoft,vmgenid");
	if (!node)
		return false;
	if (!of_address_to_resource(node, 0, &range) &&
	    resource_size(&range) >= HAVEGE_GENERATION)
		*address = range.start;
	of_node_put(node);
	return true;
}

const void *havege_generation_map(void)
{
	const void *generation = NULL;
	u64 address = 0;

	if (!find_in_acpi(&address) && !find_in_device_tree(&address))
		return NULL;
	/* A 32-bit kernel without PAE cannot reach all memory. */
	if (address && address == (phys_addr_t)address)
		generation = havege_memremap(address, HAVEGE_GENERATION);
	if (!generation)
		pr_warn("the VM generation ID of this machine cannot be read: going on as without one\n");
	return generation;
}

void havege_generation_unmap(const void *generation)
{
	if (generation)
		memunmap((void *)generation);
}
#else
const void *havege_generation_map(void)
{
	return NULL;
}

void havege_generation_unmap(const void *generation)
{
}
#endif

bool havege_may_be_virtual(void)
{
#ifdef CONFIG_X86
	return boot_cpu_has(X86_FEATURE_HYPERVISOR);
#else
	return true;
#endif
}

bool havege_may_be_copied(const void *generation)
{
	return !generation && havege_may_be_virtual();
}

/* CPU hotplug */

static int on_cpu_change(unsigned int cpu)
{
	havege_collector_settle(collector);
	return 0;
}

static int cpu_state;

/* Suspend and hibernation */

static int on_sleep(struct notifier_block *nb, unsigned long event, void *data)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		havege_collector_suspend(collector);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		havege_collector_resume(collector);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block sleep_nb = { .notifier_call = on_sleep };

/* VM forks */

static int on_fork(struct notifier_block *nb, unsigned long event, void *data)
{
	havege_collector_forked(collector);
	return NOTIFY_DONE;
}

static struct notifier_block fork_nb = { .notifier_call = on_fork };

int havege_events_enter(struct havege_collector *c)
{
	int err;

	collector = c;
	err = register_pm_notifier(&sleep_nb);
	if (err)
		return err;
	err = havege_register_vmfork(&fork_nb);
	if (err)
		goto fail_sleep;
	cpu_state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN,
					      "hw_random/havege_rng:online",
					      on_cpu_change, on_cpu_change);
	if (cpu_state >= 0) {
		/*
		 * A CPU may have changed between the start of the workers and
		 * now.
		 */
		havege_collector_settle(c);
		return 0;
	}
	err = cpu_state;

	havege_unregister_vmfork(&fork_nb);
fail_sleep:
	unregister_pm_notifier(&sleep_nb);
	return err;
}

void havege_events_leave(void)
{
	cpuhp_remove_state_nocalls(cpu_state);
	havege_unregister_vmfork(&fork_nb);
	unregister_pm_notifier(&sleep_nb);
}
