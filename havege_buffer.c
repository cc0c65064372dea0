// SPDX-License-Identifier: GPL-2.0
/*
 * The ring buffer of ready bytes; the contract is in
 * havege_buffer.h
 */
#include "havege_buffer.h"

/* The one place where the refill rule is applied. */
static void review(struct havege_buffer *buffer)
{
	if (buffer->fill == buffer->size)
		buffer->wanted = false;
	else if (havege_buffer_bits(buffer) < buffer->threshold)
		buffer->wanted = true;
}

void havege_buffer_init(struct havege_buffer *buffer, void *data, u32 size,
			u32 threshold)
{
	*buffer = (struct havege_buffer) {
		.data = data,
		.size = size,
		.threshold = threshold,
		.wanted = true,
	};
}

u32 havege_buffer_put(struct havege_buffer *buffer, const void *src, u32 count)
{
	const u32 mask = buffer->size - 1;
	const u32 tail = (buffer->head + buffer->fill) & mask;
	u32 first;

	count = min(count, buffer->size - buffer->fill);
	first = min(count, buffer->size - tail);
	memcpy(buffer->data + tail, src, first);
	memcpy(buffer->data, (const u8 *)src + first, count - first);
	buffer->fill += count;
	review(buffer);
	return count;
}

u32 havege_buffer_take(struct havege_buffer *buffer, void *dst, u32 count)
{
	const u32 mask = buffer->size - 1;
	u32 first;

	count = min(count, buffer->fill);
	first = min(count, buffer->size - buffer->head);
	memcpy(dst, buffer->data + buffer->head, first);
	memcpy((u8 *)dst + first, buffer->data, count - first);
	memzero_explicit(buffer->data + buffer->head, first);
	memzero_explicit(buffer->data, count - first);
	buffer->head = (buffer->head + count) & mask;
	buffer->fill -= count;
	review(buffer);
	return count;
}

void havege_buffer_set_threshold(struct havege_buffer *buffer, u32 threshold)
{
	buffer->threshold = threshold;
	review(buffer);
}

void havege_buffer_wipe(struct havege_buffer *buffer)
{
	memzero_explicit(buffer->data, buffer->size);
	buffer->head = 0;
	buffer->fill = 0;
	buffer->wanted = true;
}
