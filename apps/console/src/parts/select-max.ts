/** Choices that a list offers at once, of ten thousand agents, say: the others are found by what is typed. @module */
export const SELECT_MAX = 50
