/** A reason among other fields of a form, as {@link ReasonDialog} asks for one alone. @module */
import { Autocomplete } from '@mantine/core'
import { words } from '../words/words.ts'

const CODE = /^[a-z][a-z0-9_-]{0,63}$/

/** The code that the text stands for; null: it is none yet. */
export function reasonCode(text: string): string | null {
  const code = text.trim().toLowerCase().replaceAll(/\s+/g, '_')
  return CODE.test(code) ? code : null
}

export function ReasonSelect({
  value,
  onChange,
  usual,
}: {
  value: string
  onChange: (value: string) => void
  usual: readonly string[]
}) {
  return (
    <Autocomplete
      label={words.reason.label}
      description={words.reason.hint}
      error={value !== '' && reasonCode(value) === null ? words.reason.wrong : null}
      data={[...usual]}
      value={value}
      onChange={onChange}
      required
    />
  )
}
