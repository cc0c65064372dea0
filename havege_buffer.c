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
EXPORT_SYMBOL_IF_KUNIT(havege_buffer_init);

/* Place of the byte @index bytes after the head. */
static u32 place_of(const struct havege_buffer *buffer, u32 index)
{
	const u32 place = buffer->head + index;

	return place < buffer->capacity ? place : place - buffer->capacity;
}

/* Number of bytes from the place @from up to the place @to. */
static u32 distance(const struct havege_buffer *buffer, u32 from, u32 to)
{
	return to >= from ? to - from : to + buffer->capacity - from;
}

static u32 put_up_to(struct havege_buffer *buffer, u32 limit, const void *src,
		     u32 count)
{
	const u32 tail = place_of(buffer, buffer->fill);
	u32 first;

	count = min(count, limit - min(limit, buffer->fill));
	if (buffer->stale)
		count = min(count, distance(buffer, tail, buffer->stale_head));
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
EXPORT_SYMBOL_IF_KUNIT(havege_buffer_put);

u32 havege_buffer_put_more(struct havege_buffer *buffer, const void *src,
			   u32 count)
{
	return put_up_to(buffer, buffer->capacity, src, count);
}
EXPORT_SYMBOL_IF_KUNIT(havege_buffer_put_more);

static void wipe_bytes(struct havege_buffer *buffer, u32 place, u32 count)
{
	const u32 first = min(count, buffer->capacity - place);

	memzero_explicit(buffer->data + place, first);
	memzero_explicit(buffer->data, count - first);
}

bool havege_buffer_trim(struct havege_buffer *buffer, u32 max)
{
	const u32 surplus = buffer->fill - min(buffer->fill, buffer->size);
	const u32 count = min(max, surplus);

	buffer->fill -= count;
	wipe_bytes(buffer, place_of(buffer, buffer->fill), count);
	return count < surplus;
}
EXPORT_SYMBOL_IF_KUNIT(havege_buffer_trim);

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
EXPORT_SYMBOL_IF_KUNIT(havege_buffer_take);

void havege_buffer_open(struct havege_buffer *buffer, const u8 *block)
{
	memcpy(buffer->opened, block, HAVEGE_BLOCK);
	buffer->opened_left = HAVEGE_BLOCK;
}
EXPORT_SYMBOL_IF_KUNIT(havege_buffer_open);

u32 havege_buffer_take_opened(struct havege_buffer *buffer, void *dst,
			      u32 count)
{
	u8 *from = buffer->opened + HAVEGE_BLOCK - buffer->opened_left;

	count = min(count, buffer->opened_left);
	memcpy(dst, from, count);
	memzero_explicit(from, count);
	buffer->opened_left -= count;
	return count;
}

void havege_buffer_close(struct havege_buffer *buffer)
{
	memzero_explicit(buffer->opened, HAVEGE_BLOCK);
	buffer->opened_left = 0;
}

void havege_buffer_set_threshold(struct havege_buffer *buffer, u32 threshold)
{
	buffer->threshold = threshold;
	apply_rule(buffer);
}
EXPORT_SYMBOL_IF_KUNIT(havege_buffer_set_threshold);

void havege_buffer_drop(struct havege_buffer *buffer)
{
	const u32 tail = place_of(buffer, buffer->fill);

	/* Between old dropped bytes and @head there are only wiped ones. */
	if (!buffer->stale)
		buffer->stale_head = buffer->head;
	else if (buffer->fill)
		buffer->stale = distance(buffer, buffer->stale_head,
					 buffer->head);
	buffer->stale += buffer->fill;
	buffer->head = tail;
	buffer->fill = 0;
	buffer->wanted = true;
	havege_buffer_close(buffer);
}
EXPORT_SYMBOL_IF_KUNIT(havege_buffer_drop);

bool havege_buffer_wipe(struct havege_buffer *buffer, u32 max)
{
	const u32 count = min(max, buffer->stale);

	wipe_bytes(buffer, buffer->stale_head, count);
	buffer->stale -= count;
	buffer->stale_head += count;
	if (buffer->stale_head >= buffer->capacity)
		buffer->stale_head -= buffer->capacity;
	return buffer->stale;
}
EXPORT_SYMBOL_IF_KUNIT(havege_buffer_wipe);
