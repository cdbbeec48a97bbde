/**
 * What the examples of this folder share: a folder of notes, as functions. Each example runs where `notes.point.json`
 * (countersign point enroll notes --server notes --placement in_process -o notes.point.json), `notes.key.json` and
 * `notes.chain` lie; the delegation allows reading under `public/`.
 * @module
 */
const NOTES = new Map([
  ['public/plan.txt', 'Ship on Friday.'],
  ['secret/salaries.txt', 'Nobody may read this.'],
])

/** What was read, so that an example can tell that a denied read never ran. */
export const read: string[] = []

export function readNote({ path }: { path: string }): string {
  read.push(path)
  const text = NOTES.get(path)
  if (text === undefined) throw new Error(`no note ${path}`)
  return text
}

export const ALLOWED = { path: 'public/plan.txt' }
export const DENIED = { path: 'secret/salaries.txt' }
