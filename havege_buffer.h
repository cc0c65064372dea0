/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring buffer of ready bytes and its refill rule
 *
 * The ring's capacity is larger than its size: while readers take bytes faster
 * than the workers supply them, the blocks of a whole set fit
 * (havege_buffer_put_more()).
 *
 * Each byte goes in at one end and comes out once at the other. The place that
 * it leaves is wiped. A wipe of many bytes is done in portions: the bytes are
 * dropped first, and no call returns them from then on.
 *
 * The refill rule has a hysteresis: a full buffer wants no refill until fewer
 * bits than the threshold are left, and then wants one until it is full again.
 * So a worker runs in bursts and sleeps in between.
 *
 * The buffer also holds at most one opened block (havege_source_open()). It
 * does not count as ready.
 *
 * Freestanding, without a lock: the owner serialises all calls.
 */
#ifndef HAVEGE_BUFFER_H
#define HAVEGE_BUFFER_H

#include "havege_condition.h"
#include "havege_types.h"

/**
 * struct havege_buffer - a ring of ready bytes
 * @data:	the owner's memory, @capacity bytes
 * @size:	the buffer is full with this many bytes
 * @capacity:	bytes that fit, at least @size
 * @head:	index of the next byte to take
 * @fill:	number of ready bytes
 * @stale_head:	index of the first dropped byte that is not wiped yet
 * @stale:	bytes from there on that may not be wiped yet
 * @threshold:	bits; the buffer wants a refill when fewer bits are ready
 * @wanted:	the buffer wants a refill
 * @opened:	the opened block; what has left is wiped
 * @opened_left: bytes at its end that have not left
 */
struct havege_buffer {
	u8 *data;
	u32 size;
	u32 capacity;
	u32 head;
	u32 fill;
	u32 stale_head;
	u32 stale;
	u32 threshold;
	bool wanted;
	u8 opened[HAVEGE_BLOCK];
	u32 opened_left;
};

/**
 * havege_buffer_init() - make an empty buffer, which wants a refill
 * @buffer:	the buffer
 * @data:	@capacity bytes; the caller frees them
 * @size:	the buffer is full with this many bytes
 * @capacity:	bytes that fit, at least @size and at most 16 MiB
 * @threshold:	bits, 1 to @size * 8
 */
void havege_buffer_init(struct havege_buffer *buffer, void *data, u32 size,
			u32 capacity, u32 threshold);

/**
 * havege_buffer_put() - add bytes until the buffer is full
 * @buffer:	the buffer
 * @src:	the bytes
 * @count:	number of bytes
 *
 * Return: bytes stored, 0 to @count. The rest is dropped.
 */
u32 havege_buffer_put(struct havege_buffer *buffer, const void *src, u32 count);

/**
 * havege_buffer_put_more() - add bytes beyond the size up to the capacity
 * @buffer:	the buffer
 * @src:	the bytes
 * @count:	number of bytes
 *
 * Return: bytes stored, 0 to @count. The rest is dropped.
 */
u32 havege_buffer_put_more(struct havege_buffer *buffer, const void *src,
			   u32 count);

/**
 * havege_buffer_trim() - wipe the newest bytes, those beyond the size
 * @buffer:	the buffer
 * @max:	most bytes to wipe
 *
 * Return: true if bytes beyond the size are left.
 */
bool havege_buffer_trim(struct havege_buffer *buffer, u32 max);

/**
 * havege_buffer_take() - hand bytes out and wipe them in the buffer
 * @buffer:	the buffer
 * @dst:	memory for @count bytes
 * @count:	bytes wanted
 *
 * Return: bytes handed out, 0 to @count.
 */
u32 havege_buffer_take(struct havege_buffer *buffer, void *dst, u32 count);

/**
 * havege_buffer_open() - store an opened block in place of the last one
 * @buffer:	the buffer
 * @block:	HAVEGE_BLOCK bytes
 */
void havege_buffer_open(struct havege_buffer *buffer, const u8 *block);

/**
 * havege_buffer_take_opened() - hand bytes of the opened block out, wipe them
 * @buffer:	the buffer
 * @dst:	memory for @count bytes
 * @count:	bytes wanted
 *
 * Return: bytes handed out, 0 to @count.
 */
u32 havege_buffer_take_opened(struct havege_buffer *buffer, void *dst,
			      u32 count);

/**
 * havege_buffer_close() - wipe the opened block
 * @buffer:	the buffer
 */
void havege_buffer_close(struct havege_buffer *buffer);

/**
 * havege_buffer_set_threshold() - change the threshold; takes effect at once
 * @buffer:	the buffer
 * @threshold:	bits, 1 to size * 8
 */
void havege_buffer_set_threshold(struct havege_buffer *buffer, u32 threshold);

/**
 * havege_buffer_drop() - make the buffer empty; it then wants a refill
 * @buffer:	the buffer
 *
 * Wipes the opened block.
 *
 * The dropped bytes take their place in the ring until havege_buffer_wipe() has
 * wiped them.
 */
void havege_buffer_drop(struct havege_buffer *buffer);

/**
 * havege_buffer_wipe() - wipe dropped bytes
 * @buffer:	the buffer
 * @max:	most bytes to wipe
 *
 * Return: true if dropped bytes are left.
 */
bool havege_buffer_wipe(struct havege_buffer *buffer, u32 max);

/**
 * havege_buffer_bits() - number of ready bits
 * @buffer:	the buffer
 *
 * Return: bits, 0 to capacity * 8.
 */
static inline u32 havege_buffer_bits(const struct havege_buffer *buffer)
{
	return buffer->fill * 8;
}

#endif /* HAVEGE_BUFFER_H */
