// SPDX-License-Identifier: GPL-2.0
/*
 * The HAVEGE walk (A. Seznec, N. Sendrier, "HAVEGE: a user-level software
 * heuristic for generating empirically strong random numbers", ACM TOMACS
 * 13(4), 2003)
 *
 * The contract is in havege_core.h. This file has the half-step and the loop
 * that repeats it. It knows no thread, no buffer and no kernel.
 *
 * Our own choices, with the reasons:
 *
 * - A position is a full 32-bit word. The walk multiplies it with the number of
 *   lines and keeps the high half to find the line. So it reaches every line of
 *   a table of any size, 48 KiB caches included. The ladder and the permutation
 *   use the low bits, which say nothing about the line.
 * - A position is the high half of a product: a ring word XOR a word just
 *   written, times an odd constant without a long run of equal bits. Any bit of
 *   a tick in the word moves the line.
 * - Write-back is one-to-one: the old words of both lines can be computed from
 *   the new ones, so the walk cannot lose gathered entropy. Additions and XORs
 *   alternate, so the write-back is not linear.
 * - Each output word is the XOR of one word from each line and the old word of
 *   the ring.
 *
 * The live and the replayed walk share one loop, so that a replay measures
 * exactly the code that runs live. They differ only in a mask over the ticks
 * that the walk mixes in. The loop has no call and no indirect jump: under
 * retpolines either would bypass the branch predictor, which makes half of the
 * measured noise. The test clock measures nothing and may be called: it gets a
 * copy of the body of its own.
 */
#include "havege_core.h"
#include "havege_counter.h"

enum walk_clock {
	CLOCK_CPU,
	CLOCK_TEST,
};

/*
 * Copies of the body in the loop; walk_fill() has one case each. A copy has
 * about 2 KiB on x86-64: 32 copies are more than 48 KiB and fill the largest
 * instruction cache that the walk fits. On 32 bits a copy has 5 to 10 KiB.
 */
#if BITS_PER_LONG == 64
#define LOOP_COPIES	32
#else
#define LOOP_COPIES	8
#endif

/* State of a fill. All of it becomes a register or a constant. */
struct walk_regs {
	u64 *table;
	u32 lines;
	u64 *out;
	u64 *delta;
	struct havege_test_clock *test;
	u32 p;
	u32 q;
	u64 path;
	u32 pseudo;
	u32 live;
	u64 last;
};

/*
 * The golden ratio, odd. A product with it carries any bit into the high half.
 */
#define SPREAD		0x9e3779b97f4a7c15ull

/* Linear congruence of Knuth and Lewis: for constants, never for randomness. */
static __always_inline u32 next_pseudo(u32 x)
{
	return x * 1664525u + 1013904223u;
}

/* The position that two words lead to: the high half of a product. */
static __always_inline u32 position_of(u64 one, u64 other)
{
	return (one ^ other) * SPREAD >> 32;
}

static __always_inline u32 walk_line_of(u32 position, u32 lines)
{
	return (u64)position * lines >> 32;
}

/*
 * One rung: an if, nested in those above it. The empty asm keeps the compiler
 * from making a conditional move of the branch, or one rung of two: the rung
 * needs an unpredictable branch.
 */
static __always_inline bool rung(u32 bits, u64 *path, const int n,
				 const int rot)
{
	if (!(bits & (1u << n)))
		return false;
	*path = rol64(*path, rot) + bits;
	asm volatile("" : "+r" (*path));
	return true;
}

/*
 * Descend while the bits are set. Depth n is reached once in 2^n, and about
 * every second descent ends where the predictor does not expect it. The
 * rotations differ, so that the two ladders share no code.
 */
static __always_inline unsigned int ladder(u32 bits, u64 *path, const int half)
{
	if (!rung(bits, path, 0, half ? 5 : 3))
		return 0;
	if (!rung(bits, path, 1, half ? 11 : 7))
		return 1;
	if (!rung(bits, path, 2, half ? 17 : 13))
		return 2;
	if (!rung(bits, path, 3, half ? 23 : 19))
		return 3;
	if (!rung(bits, path, 4, half ? 27 : 29))
		return 4;
	if (!rung(bits, path, 5, half ? 21 : 31))
		return 5;
	if (!rung(bits, path, 6, half ? 15 : 9))
		return 6;
	if (!rung(bits, path, 7, half ? 25 : 1))
		return 7;
	return HAVEGE_RUNGS;
}

#if BITS_PER_LONG == 64

/*
 * Touch, emit and write back both lines, two words of each at a time: that fits
 * into the registers. @swap (1 to 7) chooses the pairs of words, @rot changes
 * the rotations. Both are constants, so each combination is code of its own.
 * Rotations differ from word to word: a bit of the tick lands on a different
 * place in each.
 */
static __always_inline void
touch_pair(u64 *a, u64 *b, u64 *out, u64 mix, u64 path, const int k,
	   const int swap, const int rot)
{
	const int l = k ^ swap;
	const u64 ak = a[k], al = a[l], bk = b[k], bl = b[l];

	/* The rotation separates the output of a word from its new value. */
	out[k] ^= ak ^ rol64(bl, 32);
	out[l] ^= al ^ rol64(bk, 32);
	a[k] = rol64(bl ^ mix, 1 + 7 * k + rot) + path;
	a[l] = rol64(bk ^ mix, 1 + 7 * l + rot) + path;
	b[k] = rol64(ak + mix, 62 - 7 * k - rot) ^ path;
	b[l] = rol64(al + mix, 62 - 7 * l - rot) ^ path;
}

#else

/*
 * The same on 32-bit CPUs, in halves. If a u64 is computed half by half and
 * then rotated or added as a whole, some versions of gcc (10, 12) give it a
 * stack slot that nothing else shares: the loop gets a frame of 8 KiB, and the
 * kernel's stack overflows.
 */
struct halves {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	u32 high;
	u32 low;
#else
	u32 low;
	u32 high;
#endif
};

static __always_inline struct halves halves_rol(struct halves x, const int n)
{
	const u32 high = n < 32 ? x.high : x.low;
	const u32 low = n < 32 ? x.low : x.high;
	const int by = n % 32;

	if (!by)
		return (struct halves){ .high = high, .low = low };
	return (struct halves){
		.high = high << by | low >> (32 - by),
		.low = low << by | high >> (32 - by),
	};
}

static __always_inline struct halves halves_xor(struct halves x,
						struct halves y)
{
	return (struct halves){ .high = x.high ^ y.high, .low = x.low ^ y.low };
}

static __always_inline struct halves halves_add(struct halves x,
						struct halves y)
{
	const u32 low = x.low + y.low;

	return (struct halves){
		.high = x.high + y.high + (low < y.low),
		.low = low,
	};
}

static __always_inline void
touch_pair(u64 *line_a, u64 *line_b, u64 *ring, u64 ticks, u64 ladders,
	   const int k, const int swap, const int rot)
{
	const int l = k ^ swap;
	struct halves *a = (struct halves *)line_a;
	struct halves *b = (struct halves *)line_b;
	struct halves *out = (struct halves *)ring;
	const struct halves mix = { .high = ticks >> 32, .low = ticks };
	const struct halves path = { .high = ladders >> 32, .low = ladders };
	const struct halves ak = a[k], al = a[l], bk = b[k], bl = b[l];

	out[k] = halves_xor(out[k], halves_xor(ak, halves_rol(bl, 32)));
	out[l] = halves_xor(out[l], halves_xor(al, halves_rol(bk, 32)));
	a[k] = halves_add(halves_rol(halves_xor(bl, mix), 1 + 7 * k + rot), path);
	a[l] = halves_add(halves_rol(halves_xor(bk, mix), 1 + 7 * l + rot), path);
	b[k] = halves_xor(halves_rol(halves_add(ak, mix), 62 - 7 * k - rot), path);
	b[l] = halves_xor(halves_rol(halves_add(al, mix), 62 - 7 * l - rot), path);
}

#endif /* BITS_PER_LONG */

/*
 * One half-step. @own is the position whose ladder is descended, @other the
 * second one; the two halves of an iteration swap them. Bits 0 to 7 of a
 * position drive the ladder, bit 9 the permutation.
 *
 * Read the counter before the ladder: its mispredicted branches then lie
 * between a reading and the touches, and do not delay the reading. With the
 * reading after the ladder, the replays of one walk differ less.
 */
static __always_inline void half_step(struct walk_regs *regs, u32 *own,
				      u32 *other, u64 *out, u64 *delta,
				      const enum walk_clock clock,
				      const int half)
{
	u64 now = clock == CLOCK_CPU ? havege_counter() : 0;
	u32 line_a, line_b, tick, pseudo;
	u64 path = regs->path, mix;
	unsigned int depth;
	u64 *a, *b;

	depth = ladder(*own, &path, half);
	if (clock == CLOCK_TEST) {
		now = regs->test->read(regs->test, regs->p, regs->q, depth,
				       &tick);
		regs->test->depths[half][depth]++;
	} else {
		tick = (u32)now ^ (u32)(now >> 32);
	}
	/* Use a mask: a branch would be one more to predict. */
	regs->pseudo = next_pseudo(regs->pseudo);
	pseudo = regs->pseudo ^ regs->pseudo >> 16;
	tick = pseudo ^ ((tick ^ pseudo) & regs->live);
	mix = (u64)tick << 32 | tick;
	*delta = havege_delta(now, regs->last, clock == CLOCK_CPU ?
			      HAVEGE_COUNTER_BITS : regs->test->bits);
	regs->last = now;

	line_a = walk_line_of(*own, regs->lines);
	line_b = walk_line_of(*other, regs->lines);
	/* The number of lines is even: the neighbour is inside the table. */
	line_b ^= line_a == line_b;
	a = regs->table + line_a * HAVEGE_LINE_WORDS;
	b = regs->table + line_b * HAVEGE_LINE_WORDS;

	if (*other & 0x200) {
		touch_pair(a, b, out, mix, path, 0, 5, 0);
		touch_pair(a, b, out, mix, path, 1, 5, 0);
		touch_pair(a, b, out, mix, path, 2, 5, 0);
		touch_pair(a, b, out, mix, path, 3, 5, 0);
	} else {
		touch_pair(a, b, out, mix, path, 0, 2, 4);
		touch_pair(a, b, out, mix, path, 1, 2, 4);
		touch_pair(a, b, out, mix, path, 4, 2, 4);
		touch_pair(a, b, out, mix, path, 5, 2, 4);
	}

	regs->path = path;
	*own = position_of(out[2], a[5]);
	*other = position_of(out[6], a[0]);
}

/*
 * Bytes between the two labels around the live loop in walk_fill(). The
 * assembler stores it there: a code address taken in C would be a possible
 * target of indirect jumps, which objtool reports under IBT. A global symbol: in
 * user space on MIPS the compiler reads it by a table of global symbols.
 */
extern const u32 havege_loop_size;

static __always_inline void iteration(struct walk_regs *regs,
				      const enum walk_clock clock)
{
	half_step(regs, &regs->p, &regs->q, regs->out, regs->delta, clock, 0);
	half_step(regs, &regs->q, &regs->p, regs->out + HAVEGE_LINE_WORDS,
		  regs->delta + 1, clock, 1);
	regs->out += HAVEGE_ITER_WORDS;
	regs->delta += HAVEGE_ITER_TICKS;
}

static __always_inline struct walk_regs load_regs(struct havege_walk *walk,
						  const bool live)
{
	return (struct walk_regs){
		.table = walk->table,
		.lines = walk->lines,
		.out = walk->ring,
		.delta = walk->delta,
		.p = walk->p,
		.q = walk->q,
		.path = walk->path,
		.pseudo = walk->pseudo,
		.live = live ? ~0u : 0,
		.last = walk->last,
	};
}

static __always_inline void store_regs(struct havege_walk *walk,
				       const struct walk_regs *regs)
{
	walk->p = regs->p;
	walk->q = regs->q;
	walk->path = regs->path;
	walk->pseudo = regs->pseudo;
	walk->last = regs->last;
}

/* One copy of the body. A turn that enters at case n runs n copies. */
#define COPY(n) case (n): iteration(&regs, CLOCK_CPU); fallthrough

/*
 * There must be one copy: replays have to run the code of the live walk. A
 * second copy has the same labels, which the assembler rejects.
 */
static noinline __noclone void walk_fill(struct havege_walk *walk, const bool live)
{
	struct walk_regs regs = load_regs(walk, live);
	u32 left = HAVEGE_FILL_ITERS;

	while (left) {
		const u32 turn = min(left, walk->copies);

		left -= turn;
		/*
		 * Enter part-way, as Duff's device does, to run as much code as
		 * the cache holds. Each copy has its own case.
		 */
		switch (turn) {
		default:
			asm volatile("havege_mark_0:");
			fallthrough;
#if LOOP_COPIES > 8
		COPY(32); COPY(31); COPY(30); COPY(29);
		COPY(28); COPY(27); COPY(26); COPY(25);
		COPY(24); COPY(23); COPY(22); COPY(21);
		COPY(20); COPY(19); COPY(18); COPY(17);
		COPY(16); COPY(15); COPY(14); COPY(13);
		COPY(12); COPY(11); COPY(10); COPY(9);
#endif
		COPY(8); COPY(7); COPY(6); COPY(5);
		COPY(4); COPY(3); COPY(2); COPY(1);
		case 0:
			asm volatile("havege_mark_1:\n"
				     ".pushsection .rodata\n"
				     ".balign 4\n"
				     ".globl havege_loop_size\n"
				     "havege_loop_size:\n"
				     ".long havege_mark_1 - havege_mark_0\n"
				     ".popsection");
		}
	}

	store_regs(walk, &regs);
}

/* Hide @live from the compiler, which would otherwise make two loops. */
static __always_inline bool hidden(bool live)
{
	asm volatile("" : "+r" (live));
	return live;
}

/* A pause may be longer than a narrow counter takes to wrap: leave it out. */
static void skip_pause(struct havege_walk *walk)
{
	if (HAVEGE_COUNTER_BITS == 32)
		walk->last = havege_counter();
}

void havege_walk_live(struct havege_walk *walk)
{
	skip_pause(walk);
	walk_fill(walk, hidden(true));
}
EXPORT_SYMBOL_IF_KUNIT(havege_walk_live);

void havege_walk_replay(struct havege_walk *walk)
{
	skip_pause(walk);
	walk_fill(walk, hidden(false));
}
EXPORT_SYMBOL_IF_KUNIT(havege_walk_replay);

void havege_walk_test(struct havege_walk *walk,
		      struct havege_test_clock *clock)
{
	struct walk_regs regs = load_regs(walk, !clock->replay);
	u32 left, mix;

	regs.test = clock;
	if (clock->bits == 32)
		regs.last = clock->read(clock, regs.p, regs.q, 0, &mix);
	for (left = HAVEGE_FILL_ITERS; left; left--)
		iteration(&regs, CLOCK_TEST);
	store_regs(walk, &regs);
}
EXPORT_SYMBOL_IF_KUNIT(havege_walk_test);

/* Link-time optimisation must not inline it elsewhere: it knows no such symbol. */
noinline size_t havege_loop_bytes(void)
{
	return havege_loop_size;
}
EXPORT_SYMBOL_IF_KUNIT(havege_loop_bytes);

size_t havege_copy_bytes(void)
{
	return havege_loop_bytes() / LOOP_COPIES;
}
EXPORT_SYMBOL_IF_KUNIT(havege_copy_bytes);

size_t havege_table_bytes(const struct havege_geometry *geo)
{
	u32 kb = clamp(geo->dcache_kb, (u32)HAVEGE_DCACHE_MIN_KB,
		       (u32)HAVEGE_DCACHE_MAX_KB);

	return 2 * 1024 * (size_t)kb;
}
EXPORT_SYMBOL_IF_KUNIT(havege_table_bytes);

/* Leave a sixteenth of the cache to the caller's loop and the interrupts. */
unsigned int havege_loop_copies(const struct havege_geometry *geo)
{
	u32 kb = clamp(geo->icache_kb, (u32)HAVEGE_ICACHE_MIN_KB,
		       (u32)HAVEGE_ICACHE_MAX_KB);
	u32 fit = kb * 1024 / 16 * 15 / (u32)havege_copy_bytes();

	return clamp(fit, 1u, (u32)LOOP_COPIES);
}
EXPORT_SYMBOL_IF_KUNIT(havege_loop_copies);

void havege_walk_init(struct havege_walk *walk, u64 *table,
		      const struct havege_geometry *geo)
{
	const size_t words = havege_table_bytes(geo) / sizeof(*table);
	u32 x = 0x48415645;	/* "HAVE"; any constant will do */
	size_t i;

	memset(walk, 0, sizeof(*walk));
	walk->table = table;
	walk->lines = words / HAVEGE_LINE_WORDS;
	walk->copies = havege_loop_copies(geo);
	for (i = 0; i < words; i++) {
		x = next_pseudo(x);
		table[i] = (u64)x << 32;
		x = next_pseudo(x);
		table[i] |= x ^ x >> 16;
	}
	walk->p = next_pseudo(x);
	walk->q = next_pseudo(walk->p);
	walk->path = next_pseudo(walk->q);
	walk->pseudo = next_pseudo(walk->path);
}
EXPORT_SYMBOL_IF_KUNIT(havege_walk_init);

unsigned int havege_warmup_fills(const struct havege_walk *walk)
{
	/* An iteration rewrites four lines. */
	return (32 * walk->lines / 4 + HAVEGE_FILL_ITERS - 1) /
	       HAVEGE_FILL_ITERS;
}
EXPORT_SYMBOL_IF_KUNIT(havege_warmup_fills);

void havege_walk_wipe(struct havege_walk *walk)
{
	if (walk->table)
		memzero_explicit(walk->table, havege_walk_bytes(walk));
	memzero_explicit(walk, sizeof(*walk));
}
EXPORT_SYMBOL_IF_KUNIT(havege_walk_wipe);
