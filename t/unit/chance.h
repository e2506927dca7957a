/* Numbers drawn from a seed, so that what they found can be seen again: SEED=n begins with it. */
#ifndef CHANCE_H
#define CHANCE_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t chance = 1;

static uint32_t below(uint32_t n)
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(chance >> 33) % n;
}

#define PICK(list) (list)[below(sizeof(list) / sizeof *(list))]

static void draw_from_seed(uint64_t usual)
{
    const char *seed = getenv("SEED");
    chance = seed && *seed ? strtoull(seed, NULL, 10) : usual;
    printf("# SEED=%" PRIu64 "\n", chance);
}

#endif
