/** A link to an entry of the log, where there is one. @module */
import { TextLink } from '../../parts/link.tsx'

export function EntryLink({ of }: { of: number | null }) {
  if (of === null) return '–'
  return (
    <TextLink to="/log/$index" params={{ index: String(of) }} inherit>
      {of}
    </TextLink>
  )
}
