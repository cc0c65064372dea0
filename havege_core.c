// SPDX-License-Identifier: GPL-2.0
/*
 * The HAVEGE walk (A. Seznec, N. Sendrier, "HAVEGE: a
 * user-level software heuristic for generating empirically strong random
 * numbers", ACM TOMACS 13(4), 2003)
 *
 * The contract is in havege_core.h. Here is the half-step, the loop that
 * repeats it, and nothing that knows a thread, a buffer or a kernel.
 *
 * Choices of our own, and why:
 *
 * - Positions are full 32-bit words; the line they stand for is found by
 *   multiplying with the number of lines and keeping the high half. So a table
 *   of any size is reached to its last line, 48 KiB caches included, and the
 *   low bits are left over for the ladder and the permutation, which therefore
 *   say nothing about the line.
 * - A position is the high half of a product: a ring word XOR a word just
 *   written, times an odd constant with no long run of equal bits. Any bit of a
 *   tick that went into the word moves the line.
 * - Write-back is one-to-one: what was on the two lines can be computed back
 *   from what is there afterwards, so that the walk cannot lose what it has
 *   gathered. Additions and XORs alternate, so that it is not linear either.
 * - Each output word is the XOR of a word from either line and of what the
 *   ring held there.
 *
 * One loop runs on the CPU's counter, live and replayed: what a replay measures
 * is the code that runs, byte for byte. All that tells the one from the other is
 * a mask over what is mixed in. It holds no call and no indirect jump: under
 * retpolines either would keep the branch predictor, which is half of what is
 * measured, out of it. The test clock, which is called and measures nothing, has
 * the same template to itself, a single copy of the body.
 */
#include "havege_core.h"
#include "havege_counter.h"

enum walk_clock {
	CLOCK_CPU,
	CLOCK_TEST,
};

/*
 * Copies of the body in the loop. One is about 2 KiB on x86-64: together they
 * are more than 48 KiB and fill the largest instruction cache that the walk is
 * fitted to. The switch in fill() has as many cases.
 */
#define LOOP_COPIES	32

/* What a fill works on; all of it ends up in registers, or is a constant. */
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

/* The golden ratio, odd: times it, any bit of a word changes the high half. */
#define SPREAD		0x9e3779b97f4a7c15ull

/* Knuth's and Lewis' linear congruence: for constants, never for randomness. */
static __always_inline u32 next_pseudo(u32 x)
{
	return x * 1664525u + 1013904223u;
}

/* Where two words lead to: what is multiplied comes out at the top. */
static __always_inline u32 position_of(u64 one, u64 other)
{
	return (one ^ other) * SPREAD >> 32;
}

static __always_inline u32 line_of(u32 position, u32 lines)
{
	return (u64)position * lines >> 32;
}

/*
 * One rung: another if, nested in the ones above it. The empty asm keeps the
 * compiler from turning the branch into a conditional move, or two rungs into
 * one: an unpredictable branch is what the rung is there for.
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
 * Descend while the bits are set: depth n is reached once in 2^n, and about
 * every second descent ends where the predictor did not expect it. The
 * rotations differ so that the two ladders have no code in common.
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

/*
 * Touch, emit and write back both lines, two words of each at a time, which is
 * what fits into the registers. @swap (1 to 7) picks which two go together,
 * @rot turns the rotations; both are constants, so each pair of them is code
 * of its own. Rotations differ from word to word: a bit of the tick lands on a
 * different place in each.
 */
static __always_inline void
touch_pair(u64 *a, u64 *b, u64 *out, u64 mix, u64 path, const int k,
	   const int swap, const int rot)
{
	const int l = k ^ swap;
	const u64 ak = a[k], al = a[l], bk = b[k], bl = b[l];

	/* The rotation keeps apart what a word gives and what it becomes. */
	out[k] ^= ak ^ rol64(bl, 32);
	out[l] ^= al ^ rol64(bk, 32);
	a[k] = rol64(bl ^ mix, 1 + 7 * k + rot) + path;
	a[l] = rol64(bk ^ mix, 1 + 7 * l + rot) + path;
	b[k] = rol64(ak + mix, 62 - 7 * k - rot) ^ path;
	b[l] = rol64(al + mix, 62 - 7 * l - rot) ^ path;
}

/*
 * One half-step. @own is the position whose ladder is descended, @other the
 * second one; the two halves of an iteration swap them. In the low bits of a
 * position, 0 to 7 are the ladder's and bit 9 is the permutation's.
 *
 * The counter is read before the ladder: its branches, which are mispredicted,
 * then lie between a reading and the touches, and the reading itself is not held
 * up by them. Read after it, the replays of one walk differ less.
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
	/* Not by a branch, which would be one more to be predicted. */
	regs->pseudo = next_pseudo(regs->pseudo);
	pseudo = regs->pseudo ^ regs->pseudo >> 16;
	tick = pseudo ^ ((tick ^ pseudo) & regs->live);
	mix = (u64)tick << 32 | tick;
	*delta = now - regs->last;
	regs->last = now;

	line_a = line_of(*own, regs->lines);
	line_b = line_of(*other, regs->lines);
	/* Lines come in pairs: the neighbour is always inside the table. */
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
 * Bytes between the two labels that bound the live loop in fill(). Left to the
 * assembler, who stores it there: taking the address of code in C would make it
 * a possible target of indirect jumps, which objtool reports under IBT.
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

static __always_inline struct walk_regs load(struct havege_walk *walk,
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

static __always_inline void store(struct havege_walk *walk,
				  const struct walk_regs *regs)
{
	walk->p = regs->p;
	walk->q = regs->q;
	walk->path = regs->path;
	walk->pseudo = regs->pseudo;
	walk->last = regs->last;
}

/* Only once: a second one, inlined or cloned, would have the same labels. */
static void fill(struct havege_walk *walk, const bool live)
{
	struct walk_regs regs = load(walk, live);
	u32 left = HAVEGE_FILL_ITERS;

	while (left) {
		const u32 turn = min(left, walk->copies);

		left -= turn;
		/*
		 * Enter part-way, as Duff's device does: as much code runs as
		 * the cache holds. Written out, one case a copy, because each
		 * has to be an entry and none may be shared.
		 */
		switch (turn) {
		default:
			asm volatile("havege_mark_0:");
			fallthrough;
		case 32:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 31:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 30:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 29:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 28:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 27:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 26:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 25:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 24:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 23:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 22:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 21:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 20:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 19:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 18:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 17:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 16:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 15:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 14:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 13:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 12:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 11:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 10:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 9:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 8:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 7:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 6:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 5:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 4:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 3:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 2:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 1:
			iteration(&regs, CLOCK_CPU);
			fallthrough;
		case 0:
			asm volatile("havege_mark_1:\n"
				     ".pushsection .rodata\n"
				     ".balign 4\n"
				     "havege_loop_size:\n"
				     ".long havege_mark_1 - havege_mark_0\n"
				     ".popsection");
		}
	}

	store(walk, &regs);
}

/* Hidden from the compiler, who would make two loops of the one. */
static __always_inline bool hidden(bool live)
{
	asm volatile("" : "+r" (live));
	return live;
}

void havege_walk_live(struct havege_walk *walk)
{
	fill(walk, hidden(true));
}

void havege_walk_replay(struct havege_walk *walk)
{
	fill(walk, hidden(false));
}

void havege_walk_test(struct havege_walk *walk,
		      struct havege_test_clock *clock)
{
	struct walk_regs regs = load(walk, !clock->replay);
	u32 left;

	regs.test = clock;
	for (left = HAVEGE_FILL_ITERS; left; left--)
		iteration(&regs, CLOCK_TEST);
	store(walk, &regs);
}

size_t havege_loop_bytes(void)
{
	return havege_loop_size;
}

size_t havege_copy_bytes(void)
{
	return havege_loop_bytes() / LOOP_COPIES;
}

size_t havege_table_bytes(const struct havege_geometry *geo)
{
	u32 kb = clamp(geo->dcache_kb, (u32)HAVEGE_DCACHE_MIN_KB,
		       (u32)HAVEGE_DCACHE_MAX_KB);

	return 2 * 1024 * (size_t)kb;
}

/* A sixteenth of the cache is left to the caller's loop and the interrupts. */
unsigned int havege_loop_copies(const struct havege_geometry *geo)
{
	u32 kb = clamp(geo->icache_kb, (u32)HAVEGE_ICACHE_MIN_KB,
		       (u32)HAVEGE_ICACHE_MAX_KB);
	u32 fit = kb * 1024 / 16 * 15 / (u32)havege_copy_bytes();

	return clamp(fit, 1u, (u32)LOOP_COPIES);
}

void havege_walk_init(struct havege_walk *walk, u64 *table,
		      const struct havege_geometry *geo)
{
	const size_t words = havege_table_bytes(geo) / sizeof(*table);
	u32 x = 0x48415645;	/* any constant will do: "HAVE" */
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

unsigned int havege_warmup_fills(const struct havege_walk *walk)
{
	/* An iteration rewrites four lines. */
	return (32 * walk->lines / 4 + HAVEGE_FILL_ITERS - 1) /
	       HAVEGE_FILL_ITERS;
}

void havege_walk_wipe(struct havege_walk *walk)
{
	if (walk->table)
		memzero_explicit(walk->table, havege_walk_bytes(walk));
	memzero_explicit(walk, sizeof(*walk));
}
