/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring buffer of ready bytes and its refill rule
 *
 * Bytes go in at one end and come out, once, at the other; the place they
 * leave is wiped. The refill rule has a hysteresis: a buffer that has been full
 * asks for nothing until fewer bits than the threshold are left, and then asks
 * until it is full again. So the collector works in bursts and sleeps between.
 *
 * Freestanding and without a lock: the owner serialises all calls.
 */
#ifndef HAVEGE_BUFFER_H
#define HAVEGE_BUFFER_H

#include "havege_types.h"

/**
 * struct havege_buffer - a ring of ready bytes
 * @data:	the memory, @size bytes, the owner's
 * @size:	bytes, a power of two
 * @head:	where the next byte is taken from
 * @fill:	bytes that are ready
 * @threshold:	bits; fewer ready bits than this ask for a refill
 * @wanted:	a refill has been asked for and the buffer is not full yet
 */
struct havege_buffer {
	u8 *data;
	u32 size;
	u32 head;
	u32 fill;
	u32 threshold;
	bool wanted;
};

/**
 * havege_buffer_init() - make an empty buffer, which asks for a refill
 * @buffer:	the buffer
 * @data:	@size bytes, the caller's; they stay its own to free
 * @size:	bytes, a power of two, at most 8 MiB
 * @threshold:	bits, 1 to @size * 8
 */
void havege_buffer_init(struct havege_buffer *buffer, void *data, u32 size,
			u32 threshold);

/**
 * havege_buffer_put() - add bytes
 * @buffer:	the buffer
 * @src:	the bytes
 * @count:	how many
 *
 * Return: how many found room, 0 to @count; the rest is not stored anywhere.
 */
u32 havege_buffer_put(struct havege_buffer *buffer, const void *src, u32 count);

/**
 * havege_buffer_take() - hand bytes out, and wipe them where they were
 * @buffer:	the buffer
 * @dst:	room for @count bytes
 * @count:	how many are asked for
 *
 * Return: how many were there, 0 to @count.
 */
u32 havege_buffer_take(struct havege_buffer *buffer, void *dst, u32 count);

/**
 * havege_buffer_set_threshold() - change the threshold; acts at once
 * @buffer:	the buffer
 * @threshold:	bits, 1 to size * 8
 */
void havege_buffer_set_threshold(struct havege_buffer *buffer, u32 threshold);

/**
 * havege_buffer_wipe() - forget all bytes; the buffer then asks for a refill
 * @buffer:	the buffer
 */
void havege_buffer_wipe(struct havege_buffer *buffer);

/**
 * havege_buffer_bits() - how full the buffer is
 * @buffer:	the buffer
 *
 * Return: bits, 0 to size * 8.
 */
static inline u32 havege_buffer_bits(const struct havege_buffer *buffer)
{
	return buffer->fill * 8;
}

#endif /* HAVEGE_BUFFER_H */
