/**
 * Proposing from JSON that somebody edited: what does not fit its form is said with its place, before anything is sent. The
 * control plane reads it again.
 * @module
 */
import { Alert, List, Text, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { words } from '../../words/words.ts'

const t = words.settings

/** As zod has it. */
interface Form {
  safeParse(value: unknown): {
    success: boolean
    error?: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }
  }
}

const FAULTS_MAX = 12

export function ProposeJson({
  title,
  lead,
  start,
  schema,
  propose,
  onDone,
  onClose,
}: {
  title: string
  lead: string
  start: unknown
  /** Absent: the control plane alone knows the form. */
  schema?: Form
  propose: (value: unknown) => Promise<unknown>
  onDone: () => void
  onClose: () => void
}) {
  const [text, setText] = useState(() => JSON.stringify(start, null, 2))
  const read = useMemo(() => readJson(text, schema), [text, schema])
  const proposed = useMutation({
    mutationFn: () => propose(read.value),
    onSuccess: () => {
      onDone()
      onClose()
    },
  })
  return (
    <FormDialog
      title={title}
      lead={lead}
      submit={t.propose}
      size="xl"
      pending={proposed.isPending}
      error={proposed.error}
      ready={read.faults.length === 0}
      onSubmit={() => proposed.mutate()}
      onClose={onClose}
    >
      <Textarea
        label={t.json.label}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        autosize
        minRows={10}
        maxRows={24}
        spellCheck={false}
        classNames={{ input: 'mono' }}
        data-autofocus
      />
      {read.faults.length === 0 ? (
        <Text size="sm" c="dimmed" role="status">
          {t.json.fits}
        </Text>
      ) : (
        <Alert color="yellow" role="status" title={t.json.wrong}>
          <List size="sm">
            {read.faults.map((fault) => (
              <List.Item key={fault}>{fault}</List.Item>
            ))}
          </List>
        </Alert>
      )}
    </FormDialog>
  )
}

function readJson(text: string, schema: Form | undefined): { value: unknown; faults: readonly string[] } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { value: null, faults: [t.json.notJson(error instanceof Error ? error.message : String(error))] }
  }
  const issues = schema?.safeParse(value).error?.issues ?? []
  const faults = issues.map(({ path, message }) => t.json.at(path.map(String).join('.'), message))
  return { value, faults: [...new Set(faults)].slice(0, FAULTS_MAX) }
}
