/* CRC-32C (Castagnoli), by SSE4.2 where the processor has it. */
#ifndef CRC32C_H
#define CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Start with crc 0; feed the result back in to go on. */
uint32_t	crc32c(uint32_t crc, const void *, size_t);
/* The table version, for the test that compares the two. */
uint32_t	crc32c_table(uint32_t crc, const void *, size_t);

#endif
