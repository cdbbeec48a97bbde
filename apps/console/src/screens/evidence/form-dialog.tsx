/** Asks for what an act of a register says, field by field. Nothing is sent before all that is needed is there. @module */
import { MultiSelect, Select, Textarea, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog as Frame } from '../../parts/form-dialog.tsx'

export interface Field {
  readonly name: string
  readonly label: string
  readonly hint?: string
  /** `many`: values of a list, joined by spaces. */
  readonly kind?: 'text' | 'area' | 'select' | 'many' | 'date' | 'number'
  readonly data?: readonly { readonly value: string; readonly label: string }[]
  readonly optional?: boolean
  readonly max?: number
  readonly initial?: string
}

export type Values = Readonly<Record<string, string>>

export function FormDialog({
  title,
  consequences,
  fields,
  submit,
  take,
  onDone,
  onClose,
}: {
  title: string
  consequences: string
  fields: readonly Field[]
  /** What the button says; the title unless given. */
  submit?: string
  take: (values: Values) => Promise<unknown>
  onDone: () => void
  onClose: () => void
}) {
  const [values, setValues] = useState<Values>(
    Object.fromEntries(fields.map(({ name, initial = '' }) => [name, initial])),
  )
  const made = useMutation({
    mutationFn: () => take(values),
    onSuccess: () => {
      onDone()
      onClose()
    },
  })
  return (
    <Frame
      title={title}
      lead={consequences}
      size="lg"
      pending={made.isPending}
      error={made.error}
      ready={fields.every(({ name, optional }) => optional === true || values[name]?.trim() !== '')}
      onSubmit={() => made.mutate()}
      onClose={onClose}
      {...(submit !== undefined && { submit })}
    >
      {fields.map((field) => (
        <Input
          key={field.name}
          of={field}
          value={values[field.name] ?? ''}
          onChange={(value) => setValues((old) => ({ ...old, [field.name]: value }))}
        />
      ))}
    </Frame>
  )
}

function Input({ of, value, onChange }: { of: Field; value: string; onChange: (value: string) => void }) {
  const { kind = 'text', label, hint, optional = false, max = 128, data = [] } = of
  const shared = { label, required: !optional, ...(hint === undefined ? {} : { description: hint }) }
  switch (kind) {
    case 'select':
      return (
        <Select
          {...shared}
          data={[...data]}
          value={value === '' ? null : value}
          onChange={(to) => onChange(to ?? '')}
          searchable={data.length > 8}
          clearable={optional}
        />
      )
    case 'many':
      return (
        <MultiSelect
          {...shared}
          data={[...data]}
          value={value.split(' ').filter((one) => one !== '')}
          onChange={(all) => onChange(all.join(' '))}
          searchable
          hidePickedOptions
          maxDropdownHeight={240}
        />
      )
    case 'area':
      return (
        <Textarea
          {...shared}
          maxLength={max}
          autosize
          minRows={2}
          maxRows={10}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    case 'text':
    case 'date':
    case 'number':
      return (
        <TextInput
          {...shared}
          type={kind}
          maxLength={max}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
  }
}

/** Numbers of entries, as somebody writes them: `12, 15`. */
export function indicesIn(text = ''): number[] {
  return text
    .split(/[\s,]+/)
    .filter((one) => /^\d+$/.test(one))
    .map(Number)
}

/** At the end of that day, UTC. */
export function endOfDay(day = ''): string {
  return `${day}T23:59:59Z`
}

/** One of a few words. */
export function choice(name: string, label: string, of: Readonly<Record<string, string>>): Field {
  return {
    name,
    label,
    kind: 'select',
    data: Object.entries(of).map(([value, text]) => ({ value, label: text })),
  }
}

export function keyIn<K extends string>(
  of: Readonly<Record<K, string>>,
  chosen: string | undefined,
  otherwise: K,
): K {
  return (Object.keys(of) as K[]).find((key) => key === chosen) ?? otherwise
}
