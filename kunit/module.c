// SPDX-License-Identifier: GPL-2.0
/*
 * The module of the KUnit suites
 *
 * The suites call functions of the driver that only this module can see.
 */
#include <linux/module.h>

#include "../havege_types.h"

MODULE_DESCRIPTION("KUnit tests for havege_rng");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(HAVEGE_KUNIT_NS);
