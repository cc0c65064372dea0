/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Simulated machines, with a known dose of noise or without noise
 *
 * A machine runs the same walk again and again and makes rows of samples for
 * havege_estimate.h. Without noise the seed determines every row, and rows
 * differ only by the phases of the machine's clocks at their start.
 *
 * - Time: units of 2^-16 cycle. A half-step costs 50 to 113 whole cycles, the
 *   same in each row, and may wait for one of the machine's resources.
 * - Between two rows the live walk runs for 10,000 to 141,000 cycles, by a
 *   hash.
 * - Noise: a half-step takes 1, 2 or 3 units of noise longer, each with a
 *   probability of (1 - q) / 3. It is on time with q = 2^(-dose / 64). Up to 2
 *   bits q is the likeliest outcome: the min-entropy is dose / 64 bit a
 *   half-step. Noise is pseudo-random, so that a kind and a seed have one
 *   outcome.
 *
 * Integers only: the suite runs in the kernel too.
 */
#ifndef HAVEGE_MACHINE_H
#define HAVEGE_MACHINE_H

#include "../havege_estimate.h"

#define MACHINE_CYCLE	65536ull
#define MACHINE_CLOCKS	5
#define MACHINE_TIMERS	3

/**
 * struct machine_kind - the properties of a machine; 0: without this property
 * @name:	a word
 * @span:	half-steps in a sample, by the rule of havege_grain_span();
 *		estimate_span checks it
 * @step:	cycles in one unit of the counter
 * @clocks:	number of clocks of 1.3 to 7 cycles. A half-step that uses one
 *		waits for its next edge
 * @drift:	the clocks slow down steadily, 1 in 2^36 a cycle
 * @spread:	the clocks are modulated: a triangle of 76,800 cycles, 0.5 %
 * @refresh:	memory is busy for 700 cycles in about 18,000
 * @timers:	interrupts of 1,000 to 2,000 cycles, every 100,000 to 13 million
 * @agent:	another program delays each memory access in half of its period.
 *		The period, in eighths of the mean time from row to row
 * @beat:	each memory access is delayed in one of this many rows
 * @level:	all half-steps get one cycle slower every this many rows
 * @shift:	cache replacement follows a hidden shift register of 8 bits: its
 *		output decides whether a use takes 12 cycles longer
 * @dose:	noise, 1/64 bit a half-step
 * @noise:	one unit of noise, cycles
 * @every:	noise in one of this many rows; 0 or 1: in each
 * @either:	the specification has no verdict: the residual is near the limit
 */
struct machine_kind {
	const char *name;
	u32 span;
	u32 step;
	u8 clocks;
	bool drift;
	bool spread;
	bool refresh;
	u8 timers;
	u32 agent;
	u32 beat;
	u32 level;
	bool shift;
	u32 dose;
	u32 noise;
	u32 every;
	bool either;
};

static const struct machine_kind machine_kinds[] = {
	/* No noise: refused. A counter at the CPU's own frequency. */
	{ "still", 1, 1, .clocks = 0 },
	{ "clocks-1", 1, 1, .clocks = 1 },
	{ "clocks-2", 1, 1, .clocks = 2 },
	{ "clocks-3", 1, 1, .clocks = 3 },
	{ "clocks-4", 1, 1, .clocks = 4 },
	{ "clocks-5", 1, 1, .clocks = 5 },
	{ "refresh", 1, 1, .refresh = true },
	{ "refresh-clocks-2", 1, 1, .refresh = true, .clocks = 2 },
	{ "drift-1", 1, 1, .drift = true, .clocks = 1 },
	{ "drift-3", 1, 1, .drift = true, .clocks = 3 },
	{ "spread-1", 1, 1, .spread = true, .clocks = 1 },
	{ "spread-2", 1, 1, .spread = true, .clocks = 2 },
	{ "spread-3", 1, 1, .spread = true, .clocks = 3 },
	{ "timer-1", 1, 1, .timers = 1, .clocks = 1 },
	{ "timer-2", 1, 1, .timers = 2, .clocks = 2 },
	{ "timer-3", 1, 1, .timers = 3, .clocks = 2 },
	{ "agent-1/8", 1, 1, .agent = 1, .clocks = 2 },
	{ "agent-1/2", 1, 1, .agent = 4, .clocks = 2 },
	{ "agent-1", 1, 1, .agent = 8, .clocks = 2 },
	{ "agent-3", 1, 1, .agent = 24, .clocks = 2 },
	{ "agent-8", 1, 1, .agent = 64, .clocks = 2 },
	{ "agent-16", 1, 1, .agent = 128, .clocks = 2 },
	{ "agent-33", 1, 1, .agent = 264, .clocks = 2 },
	{ "agent-64", 1, 1, .agent = 512, .clocks = 2 },
	{ "agent-100", 1, 1, .agent = 800, .clocks = 2 },
	{ "beat-4", 1, 1, .beat = 4, .clocks = 2 },
	{ "beat-16", 1, 1, .beat = 16, .clocks = 2 },
	{ "beat-64", 1, 1, .beat = 64, .clocks = 2 },
	{ "shift", 1, 1, .shift = true },
	{ "shift-clocks-1", 1, 1, .shift = true, .clocks = 1 },
	{ "all-k1", 1, 1, .clocks = 3, .refresh = true, .timers = 3,
	  .agent = 24 },
	{ "spread-all-k1", 1, 1, .clocks = 3, .spread = true, .refresh = true,
	  .timers = 2, .agent = 64 },

	/* No noise, coarser counters: as of EPYC, of 24 MHz, 10 MHz, 1 MHz. */
	{ "still-k4", 4, 26, .clocks = 0 },
	{ "clocks-1-k4", 4, 26, .clocks = 1 },
	{ "clocks-2-k4", 4, 26, .clocks = 2 },
	{ "clocks-3-k4", 4, 26, .clocks = 3 },
	{ "clocks-5-k4", 4, 26, .clocks = 5 },
	{ "refresh-k4", 4, 26, .refresh = true, .clocks = 2 },
	{ "drift-k4", 4, 26, .drift = true, .clocks = 3 },
	{ "spread-k4", 4, 26, .spread = true, .clocks = 2 },
	{ "timer-k4", 4, 26, .timers = 3, .clocks = 2 },
	{ "agent-1/8-k4", 4, 26, .agent = 1, .clocks = 2 },
	{ "agent-1-k4", 4, 26, .agent = 8, .clocks = 2 },
	{ "agent-8-k4", 4, 26, .agent = 64, .clocks = 2 },
	{ "agent-16-k4", 4, 26, .agent = 128, .clocks = 2 },
	{ "agent-100-k4", 4, 26, .agent = 800, .clocks = 2 },
	{ "beat-16-k4", 4, 26, .beat = 16, .clocks = 2 },
	{ "shift-k4", 4, 26, .shift = true, .clocks = 1 },
	{ "all-k4", 4, 26, .clocks = 3, .refresh = true, .timers = 3,
	  .agent = 24 },
	{ "clocks-3-k16", 16, 96, .clocks = 3 },
	{ "spread-k16", 16, 96, .spread = true, .clocks = 3 },
	{ "agent-16-k16", 16, 100, .agent = 128, .clocks = 2 },
	{ "shift-k16", 16, 96, .shift = true },
	{ "all-k16", 16, 96, .clocks = 3, .refresh = true, .timers = 3,
	  .agent = 24 },
	{ "still-k32", 32, 230, .clocks = 0 },
	{ "clocks-3-k32", 32, 230, .clocks = 3 },
	{ "all-k32", 32, 230, .clocks = 3, .refresh = true, .timers = 3,
	  .agent = 24 },
	{ "still-k256", 256, 2300, .clocks = 0 },
	{ "clocks-3-k256", 256, 2300, .clocks = 3 },
	{ "all-k256", 256, 2300, .clocks = 3, .refresh = true, .timers = 3,
	  .agent = 24 },

	/* Noise: credited, unless a sample has less than its credit. */
	{ "noise-1/64", 1, 1, .dose = 1, .noise = 1 },
	{ "noise-1/8", 1, 1, .dose = 8, .noise = 1, .either = true },
	{ "noise-1/2", 1, 1, .dose = 32, .noise = 1 },
	{ "noise-1", 1, 1, .dose = 64, .noise = 1 },
	{ "noise-1/64-clocks-2", 1, 1, .dose = 1, .noise = 1, .clocks = 2 },
	{ "noise-1/8-clocks-2", 1, 1, .dose = 8, .noise = 1, .clocks = 2,
	  .either = true },
	{ "noise-1/2-clocks-2", 1, 1, .dose = 32, .noise = 1, .clocks = 2 },
	{ "noise-1-clocks-2", 1, 1, .dose = 64, .noise = 1, .clocks = 2 },
	{ "noise-1/2-clocks-5", 1, 1, .dose = 32, .noise = 1, .clocks = 5 },
	{ "noise-1-clocks-5", 1, 1, .dose = 64, .noise = 1, .clocks = 5 },
	{ "noise-1-all", 1, 1, .dose = 64, .noise = 1, .clocks = 3,
	  .refresh = true, .timers = 3, .agent = 24 },
	{ "noise-1/2-level", 1, 1, .dose = 32, .noise = 1, .level = 64 },
	{ "noise-1-level", 1, 1, .dose = 64, .noise = 1, .level = 64 },
	{ "noise-16th", 1, 1, .dose = 64, .noise = 1, .every = 16 },
	{ "noise-16th-clocks-2", 1, 1, .dose = 64, .noise = 1, .every = 16,
	  .clocks = 2 },
	{ "noise-1/64-k4", 4, 26, .dose = 1, .noise = 12, .clocks = 2 },
	{ "noise-1/8-k4", 4, 26, .dose = 8, .noise = 12, .clocks = 2,
	  .either = true },
	{ "noise-1/2-k4", 4, 26, .dose = 32, .noise = 12, .clocks = 2 },
	{ "noise-1-k4", 4, 26, .dose = 64, .noise = 12, .clocks = 2 },
	{ "noise-16th-k4", 4, 26, .dose = 64, .noise = 12, .every = 16,
	  .clocks = 2 },
	{ "noise-16th-agent-k4", 4, 26, .dose = 64, .noise = 12, .every = 16,
	  .clocks = 2, .agent = 64 },
	{ "noise-1/64-k16", 16, 96, .dose = 1, .noise = 12, .either = true },
	{ "noise-1/8-k16", 16, 96, .dose = 8, .noise = 24 },
	{ "noise-1/8-clocks-2-k16", 16, 96, .dose = 8, .noise = 24,
	  .clocks = 2 },
	{ "noise-1/2-k16", 16, 115, .dose = 32, .noise = 20, .clocks = 2 },
	{ "noise-1/2-k32", 32, 230, .dose = 32, .noise = 24, .clocks = 2 },
	{ "noise-1/8-k256", 256, 2300, .dose = 8, .noise = 100 },
};

enum { MACHINE_KINDS = sizeof(machine_kinds) / sizeof(*machine_kinds) };

/**
 * struct machine_clock - a clock that half-steps wait for
 * @base:	period before modulation, 2^-16 cycle, as all fields
 * @period:	present period
 * @edge:	one of its edges, not after the next one that a half-step waits
 *		for
 * @until:	@period is valid until then
 */
struct machine_clock {
	u64 base;
	u64 period;
	u64 edge;
	u64 until;
};

/**
 * struct machine - a running machine; times in 2^-16 cycle
 * @kind:	its kind
 * @seed:	determines its program and its clocks
 * @now:	the time
 * @read:	last reading of the counter, units
 * @row:	rows made so far
 * @clock:	its clocks
 * @refresh:	time from refresh to refresh
 * @timer:	its timers
 * @timer.period: time from interrupt to interrupt
 * @timer.next: time of the next interrupt
 * @agent:	period of the other program
 * @delay:	delay of a memory access by the other program
 * @shift:	the hidden shift register
 * @quiet:	probability that a half-step is on time, 2^-32
 * @noise:	state of the noise
 */
struct machine {
	const struct machine_kind *kind;
	u64 seed;
	u64 now;
	u64 read;
	u32 row;
	struct machine_clock clock[MACHINE_CLOCKS];
	u64 refresh;
	struct {
		u64 period;
		u64 next;
	} timer[MACHINE_TIMERS];
	u64 agent;
	u64 delay;
	u32 shift;
	u32 quiet;
	u64 noise;
};

/* Uses of the hash, all different. */
#define MACHINE_PROGRAM	0x100000000ull
#define MACHINE_PAUSE	0x200000000ull
#define MACHINE_PARTS	0x300000000ull
#define MACHINE_NOISE	0x400000000ull

/* A hash of all 64 bits of both numbers. */
static inline u64 machine_hash(u64 seed, u64 number)
{
	u64 x = (seed + 1) * 0x9e3779b97f4a7c15ull + number;
	int i;

	for (i = 0; i < 2; i++) {
		x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
		x ^= x >> 29;
	}
	return x;
}

/* A hashed number, @from to @from + @more, both less than 2^32. */
static inline u64 machine_part(const struct machine *m, u32 number, u64 from,
			       u64 more)
{
	return from + (more * (machine_hash(m->seed, MACHINE_PARTS + number) >>
			       32) >> 32);
}

/* Marsaglia's xorshift, multiplied: reproducible noise. */
static inline u32 machine_noise(struct machine *m)
{
	m->noise ^= m->noise >> 12;
	m->noise ^= m->noise << 25;
	m->noise ^= m->noise >> 27;
	return m->noise * 2685821657736338717ull >> 32;
}

static inline u64 machine_rest(u64 a, u64 b)
{
	return a - div64_u64(a, b) * b;
}

/* A clock's period from @time on (cycles). */
static inline u64 machine_period(const struct machine *m, u64 base, u64 time)
{
	u64 period = base;

	if (m->kind->drift)
		period += base * time >> 36;
	if (m->kind->spread) {
		const u64 place = machine_rest(time, 76800);

		period += div_u64(base * min(place, 76800 - place),
				  38400 * 200);
	}
	return period;
}

/* Advance a clock to its first edge at @time or later. */
static inline void machine_go_to_edge(struct machine_clock *clock, u64 time)
{
	if (clock->edge < time)
		clock->edge += clock->period *
			div64_u64(time - clock->edge + clock->period - 1,
				  clock->period);
}

/* Wait for a clock's next edge. A modulated period changes every 512 cycles. */
static inline void machine_wait(struct machine *m, struct machine_clock *clock)
{
	while (m->now >= clock->until) {
		machine_go_to_edge(clock, clock->until);
		clock->period = machine_period(m, clock->base,
					       clock->until / MACHINE_CYCLE);
		clock->until += 512 * MACHINE_CYCLE;
	}
	machine_go_to_edge(clock, m->now);
	m->now = clock->edge;
}

static inline bool machine_is_delayed(const struct machine *m)
{
	if (m->kind->beat && m->row % m->kind->beat == 0)
		return true;
	return m->kind->agent &&
		machine_rest(m->now, m->agent) < m->agent / 2;
}

static inline void machine_use_memory(struct machine *m)
{
	if (m->kind->refresh) {
		const u64 since = machine_rest(m->now, m->refresh);

		if (since < 700 * MACHINE_CYCLE)
			m->now += 700 * MACHINE_CYCLE - since;
	}
	if (machine_is_delayed(m))
		m->now += m->delay;
}

/* One use of the shift register, x^8 + x^6 + x^5 + x^4 + 1. */
static inline u32 machine_shift(struct machine *m)
{
	const u32 out = m->shift & 1;

	m->shift = m->shift >> 1 ^ (out ? 0xb8 : 0);
	return out;
}

static inline void machine_interrupt(struct machine *m)
{
	u32 i;

	for (i = 0; i < m->kind->timers; i++)
		if (m->now >= m->timer[i].next) {
			m->now += machine_part(m, 30 + i, 1000, 1000) *
				MACHINE_CYCLE;
			m->timer[i].next += m->timer[i].period;
		}
}

/* Run the half-step of this number in a row. */
static inline void machine_half_step(struct machine *m, u32 number)
{
	const struct machine_kind *kind = m->kind;
	const u64 what = machine_hash(m->seed, MACHINE_PROGRAM + number);
	const u32 which = (what >> 8 & 0xff) * (kind->clocks + 1) >> 8;

	m->now += (50 + (what & 63)) * MACHINE_CYCLE;
	if (kind->level)
		m->now += m->row / kind->level * MACHINE_CYCLE;
	if (which)
		machine_wait(m, &m->clock[which - 1]);
	if ((what >> 16 & 7) == 0)
		machine_use_memory(m);
	if (kind->shift && (what >> 20 & 3) == 0 && machine_shift(m))
		m->now += 12 * MACHINE_CYCLE;
	if (kind->dose && (!kind->every || m->row % kind->every == 0) &&
	    machine_noise(m) >= m->quiet)
		m->now += (1 + ((u64)machine_noise(m) * 3 >> 32)) *
			kind->noise * MACHINE_CYCLE;
	machine_interrupt(m);
}

/*
 * Run the live walk between two rows. Its interrupts end before the row begins.
 */
static inline void machine_pause(struct machine *m)
{
	const u64 pause = machine_hash(m->seed, MACHINE_PAUSE + m->row);
	u32 i;

	m->now += 10000 * MACHINE_CYCLE + (pause & ((1ull << 33) - 1));
	for (i = 0; i < m->kind->timers; i++)
		while (m->timer[i].next <= m->now)
			m->timer[i].next += m->timer[i].period;
	for (i = 0; m->kind->shift && i < (pause >> 40 & 0xff); i++)
		machine_shift(m);
}

static inline u64 machine_counter(const struct machine *m)
{
	return div_u64(m->now / MACHINE_CYCLE, m->kind->step);
}

/* Mean time from row to row: 84 cycles a half-step, and the pause. */
static inline u64 machine_row_time(const struct machine_kind *kind)
{
	const struct havege_shape shape = havege_shape(kind->span);

	return (84ull * shape.samples * shape.span + 75536) * MACHINE_CYCLE;
}

/**
 * machine_begin() - initialise a machine
 * @m:		the machine
 * @kind:	its kind
 * @seed:	chooses a machine of this kind
 */
static inline void machine_begin(struct machine *m,
				 const struct machine_kind *kind, u64 seed)
{
	u64 quiet = 1ull << 32;
	u32 i;

	memset(m, 0, sizeof(*m));
	m->kind = kind;
	m->seed = seed;
	for (i = 0; i < MACHINE_CLOCKS; i++) {
		m->clock[i].base = machine_part(m, i, 13 * MACHINE_CYCLE / 10,
						57 * MACHINE_CYCLE / 10);
		m->clock[i].period = m->clock[i].base;
		m->clock[i].until = kind->drift || kind->spread ? 0 : ~0ull;
	}
	m->refresh = machine_part(m, 10, 17500 * MACHINE_CYCLE,
				  1000 * MACHINE_CYCLE);
	for (i = 0; i < MACHINE_TIMERS; i++) {
		m->timer[i].period = machine_part(m, 20 + i, 50000, 50000) *
			MACHINE_CYCLE << machine_part(m, 25 + i, 1, 7);
		m->timer[i].next = m->timer[i].period;
	}
	/* The requested period, to within 3 %. */
	m->agent = (machine_row_time(kind) * kind->agent >> 3 >> 10) *
		machine_part(m, 40, 1024 - 32, 64);
	m->delay = machine_part(m, 41, 24, 24) * MACHINE_CYCLE;
	m->shift = machine_part(m, 42, 1, 255);
	m->noise = machine_hash(seed, MACHINE_NOISE) | 1;
	/* 2^-32 * 4248701964 is 2^(-1 / 64). */
	for (i = 0; i < kind->dose; i++)
		quiet = quiet * 4248701964u >> 32;
	m->quiet = min_t(u64, quiet, ~0u);
}

/**
 * machine_row() - make the next row
 * @m:		the machine
 * @shape:	its shape
 * @sample:	its samples, units of the counter; the first one contains the
 *		pause
 */
static inline void machine_row(struct machine *m,
			       const struct havege_shape *shape, u64 *sample)
{
	u32 i, j, number = 0;

	machine_pause(m);
	for (i = 0; i < shape->samples; i++) {
		const u64 before = m->read;

		for (j = 0; j < shape->span; j++)
			machine_half_step(m, number++);
		m->read = machine_counter(m);
		sample[i] = m->read - before;
	}
	m->row++;
}

/**
 * machine_estimate() - the estimate of a machine
 * @m:		memory for the machine
 * @kind:	its kind
 * @seed:	chooses a machine of this kind
 * @shape:	size of the set; its span may differ from the kind's
 * @rows:	havege_rows_bytes(@shape) bytes
 * @sample:	@shape->samples samples
 *
 * Return: the estimate.
 */
static inline struct havege_estimate
machine_estimate(struct machine *m, const struct machine_kind *kind, u64 seed,
		 const struct havege_shape *shape, struct havege_rows *rows,
		 u64 *sample)
{
	struct havege_estimate estimate = {};

	machine_begin(m, kind, seed);
	havege_rows_begin(rows, shape);
	while (!havege_rows_full(rows)) {
		machine_row(m, shape, sample);
		havege_rows_add(rows, sample, 1);
	}
	while (!havege_rows_judge(rows, &estimate))
		;
	return estimate;
}

/**
 * machine_is_refused() - whether a kind must never be credited
 * @kind:	the kind
 *
 * Return: true if a sample has less than its credit, at least in some rows.
 */
static inline bool machine_is_refused(const struct machine_kind *kind)
{
	return kind->every > 1 || kind->dose * kind->span * (HAVEGE_BIT / 64) <
		havege_credit(kind->span);
}

/**
 * machine_kind_of() - find a kind
 * @name:	its name
 *
 * Return: the kind, or NULL.
 */
static inline const struct machine_kind *machine_kind_of(const char *name)
{
	size_t i;

	for (i = 0; i < MACHINE_KINDS; i++)
		if (!strcmp(machine_kinds[i].name, name))
			return &machine_kinds[i];
	return NULL;
}

#endif /* HAVEGE_MACHINE_H */
