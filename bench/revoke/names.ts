/** Names that the processes of a run share. @module */

/** The server whose one tool, of the same name, the agent calls. */
export const SERVER = 'echo'
