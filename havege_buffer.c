// SPDX-License-Identifier: GPL-2.0
/* The ring buffer of ready bytes. The contract is in havege_buffer.h. */
#include "havege_buffer.h"

/* The refill rule, in one place. */
static void apply_rule(struct havege_buffer *buffer)
{
	if (buffer->fill >= buffer->size)
		buffer->wanted = false;
	else if (havege_buffer_bits(buffer) < buffer->threshold)
		buffer->wanted = true;
}

void havege_buffer_init(struct havege_buffer *buffer, void *data, u32 size,
			u32 capacity, u32 threshold)
{
	*buffer = (struct havege_buffer) {
		.data = data,
		.size = size,
		.capacity = capacity,
		.threshold = threshold,
		.wanted = true,
	};
}

/* Place of the byte @index bytes after the head. */
static u32 place_of(const struct havege_buffer *buffer, u32 index)
{
	const u32 place = buffer->head + index;

	return place < buffer->capacity ? place : place - buffer->capacity;
}

static u32 put_up_to(struct havege_buffer *buffer, u32 limit, const void *src,
		     u32 count)
{
	const u32 tail = place_of(buffer, buffer->fill);
	u32 first;

	count = min(count, limit - min(limit, buffer->fill));
	first = min(count, buffer->capacity - tail);
	memcpy(buffer->data + tail, src, first);
	memcpy(buffer->data, (const u8 *)src + first, count - first);
	buffer->fill += count;
	apply_rule(buffer);
	return count;
}

u32 havege_buffer_put(struct havege_buffer *buffer, const void *src, u32 count)
{
	return put_up_to(buffer, buffer->size, src, count);
}

u32 havege_buffer_put_more(struct havege_buffer *buffer, const void *src,
			   u32 count)
{
	return put_up_to(buffer, buffer->capacity, src, count);
}

static void wipe_bytes(struct havege_buffer *buffer, u32 place, u32 count)
{
	const u32 first = min(count, buffer->capacity - place);

	memzero_explicit(buffer->data + place, first);
	memzero_explicit(buffer->data, count - first);
}

void havege_buffer_trim(struct havege_buffer *buffer)
{
	if (buffer->fill <= buffer->size)
		return;
	wipe_bytes(buffer, place_of(buffer, buffer->size),
		   buffer->fill - buffer->size);
	buffer->fill = buffer->size;
}

u32 havege_buffer_take(struct havege_buffer *buffer, void *dst, u32 count)
{
	u32 first;

	count = min(count, buffer->fill);
	first = min(count, buffer->capacity - buffer->head);
	memcpy(dst, buffer->data + buffer->head, first);
	memcpy((u8 *)dst + first, buffer->data, count - first);
	wipe_bytes(buffer, buffer->head, count);
	buffer->head = place_of(buffer, count);
	buffer->fill -= count;
	apply_rule(buffer);
	return count;
}

void havege_buffer_set_threshold(struct havege_buffer *buffer, u32 threshold)
{
	buffer->threshold = threshold;
	apply_rule(buffer);
}

void havege_buffer_wipe(struct havege_buffer *buffer)
{
	memzero_explicit(buffer->data, buffer->capacity);
	buffer->head = 0;
	buffer->fill = 0;
	buffer->wanted = true;
}
