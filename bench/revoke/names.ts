/** Names that the processes of a run share. @module */

/** The server whose one tool, of the same name, the agent calls. */
export const SERVER = 'echo'

/** The definition of that tool, where it is registered and labelled. */
export const DEFINITION = 'A'.repeat(43)
