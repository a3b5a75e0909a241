export function writeSums(resources: string): void
