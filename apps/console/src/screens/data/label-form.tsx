/** The label of one tool, as fields; what it says of parts of its results stays as it is. Somebody else approves it. @module */
import { Select, SimpleGrid, TagsInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import {
  EFFECTS,
  LEVELS,
  toolLabelSchema,
  UNLABELLED,
  type ToolLabel,
} from '../../../../../src/core/label.ts'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { words } from '../../words/words.ts'
import type { Labelled } from './queries.ts'

const t = words.data
const { shape } = toolLabelSchema
const INTEGRITIES = ['trusted', 'untrusted'] as const

/** A draft where nobody has labelled it: as it counts until then (LBL-5), but for the arguments, which somebody names. */
export const UNSAID: ToolLabel = { ...UNLABELLED, destination: [] }

export function LabelForm({
  of,
  onDone,
  onClose,
}: {
  of: Labelled
  onDone: () => void
  onClose: () => void
}) {
  const { tool, definition_hash, name, server } = of
  const [label, setLabel] = useState<ToolLabel>(() => toolLabelSchema.safeParse(of.label).data ?? UNSAID)
  const { result } = label
  const isWhole = toolLabelSchema.safeParse(label).success
  const proposed = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/labels/proposals', { body: { labels: [{ tool, definition_hash, label }] as never } }),
      ),
    onSuccess: () => {
      onDone()
      onClose()
    },
  })
  const set = (change: Partial<ToolLabel>) => setLabel((old) => ({ ...old, ...change }))
  const setResult = (change: Partial<ToolLabel['result']>) => set({ result: { ...result, ...change } })
  return (
    <FormDialog
      title={t.labelOf(`${server} / ${name}`)}
      lead={t.labelText}
      submit={t.proposeLabel}
      size="lg"
      pending={proposed.isPending}
      error={proposed.error}
      ready={isWhole}
      onSubmit={() => proposed.mutate()}
      onClose={onClose}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Select
          label={t.level}
          description={t.levelHint}
          data={LEVELS.map((value) => ({ value, label: t.levels[value] }))}
          value={result.level}
          onChange={(value) => setResult({ level: LEVELS.find((one) => one === value) ?? result.level })}
          allowDeselect={false}
        />
        <Select
          label={t.integrity}
          description={t.integrityHint}
          data={INTEGRITIES.map((value) => ({ value, label: t[value] }))}
          value={result.integrity}
          onChange={(value) => setResult({ integrity: value === 'trusted' ? 'trusted' : 'untrusted' })}
          allowDeselect={false}
        />
        <Select
          label={t.effect}
          description={t.effectHint}
          data={EFFECTS.map((value) => ({ value, label: t.effects[value] }))}
          value={label.effect}
          onChange={(value) => set({ effect: EFFECTS.find((one) => one === value) ?? label.effect })}
          allowDeselect={false}
        />
        <Select
          label={t.accepts}
          description={t.acceptsHint}
          data={LEVELS.map((value) => ({ value, label: t.levels[value] }))}
          value={label.accepts}
          onChange={(value) => set({ accepts: LEVELS.find((one) => one === value) ?? label.accepts })}
          allowDeselect={false}
        />
      </SimpleGrid>
      <TagsInput
        label={t.categories}
        description={t.categoriesHint}
        value={[...result.categories]}
        onChange={(categories) => setResult({ categories })}
        error={
          shape.result.shape.categories.safeParse(result.categories).success ? undefined : t.categoriesWrong
        }
      />
      <TagsInput
        label={t.destination}
        description={t.destinationHint}
        value={[...label.destination]}
        onChange={(destination) => set({ destination })}
        error={shape.destination.safeParse(label.destination).success ? undefined : t.destinationWrong}
      />
    </FormDialog>
  )
}
