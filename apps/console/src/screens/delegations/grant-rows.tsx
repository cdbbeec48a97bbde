/** A constraint of an argument, and a limit, as rows of a form. @module */
import { ActionIcon, Group, NumberInput, Select, TextInput } from '@mantine/core'
import { X } from 'lucide-react'
import { words } from '../../words/words.ts'
import { PERS, RULE_KINDS, type ConstraintForm, type LimitForm } from './grant-form.ts'

const t = words.delegations.new

export function ConstraintRow({
  of: { argument, kind, value },
  onChange,
  onRemove,
}: {
  of: ConstraintForm
  onChange: (of: ConstraintForm) => void
  onRemove: () => void
}) {
  return (
    <Group align="flex-end" gap="xs" wrap="wrap">
      <TextInput
        label={t.argument}
        value={argument}
        onChange={(event) => onChange({ argument: event.currentTarget.value, kind, value })}
        maxLength={128}
        required
        w={150}
      />
      <Select
        label={t.rule}
        data={RULE_KINDS.map((one) => ({ value: one, label: t.rules[one] }))}
        value={kind}
        onChange={(one) => onChange({ argument, kind: one ?? 'in', value })}
        allowDeselect={false}
        w={160}
      />
      {kind !== 'forbidden' && (
        <TextInput
          label={t.value}
          placeholder={t.valueHints[kind]}
          value={value}
          onChange={(event) => onChange({ argument, kind, value: event.currentTarget.value })}
          maxLength={1024}
          required
          flex={1}
          miw={140}
        />
      )}
      <Remove label={t.removeConstraint} onClick={onRemove} />
    </Group>
  )
}

/** @param fixed it is of the template: only its maximum can be lowered */
export function LimitRow({
  of,
  measures,
  fixed,
  onChange,
  onRemove,
}: {
  of: LimitForm
  measures: readonly string[]
  fixed: boolean
  onChange: (of: LimitForm) => void
  onRemove: () => void
}) {
  return (
    <Group align="flex-end" gap="xs" wrap="wrap">
      <NumberInput
        label={t.limit}
        value={of.max}
        onChange={(max) => onChange({ ...of, max: Number(max) || 0 })}
        min={0}
        allowDecimal={false}
        required
        w={110}
      />
      <Select
        label={t.measure}
        data={[...new Set([...measures, of.measure])]}
        value={of.measure}
        onChange={(measure) =>
          onChange({ ...of, measure: measure ?? 'calls', unit: measure === 'calls' ? '1' : of.unit })
        }
        allowDeselect={false}
        disabled={fixed}
        w={130}
      />
      {of.measure !== 'calls' && (
        <TextInput
          label={t.unit}
          value={of.unit}
          onChange={(event) => onChange({ ...of, unit: event.currentTarget.value })}
          maxLength={32}
          disabled={fixed}
          required
          w={90}
        />
      )}
      <Select
        label={t.per}
        data={[
          ...PERS.map((one) => ({ value: one as string, label: t.pers[one] })),
          ...(PERS.some((one) => one === of.per) ? [] : [{ value: of.per, label: of.per }]),
        ]}
        value={of.per}
        onChange={(per) => onChange({ ...of, per: per ?? 'day' })}
        allowDeselect={false}
        disabled={fixed}
        w={170}
      />
      {!fixed && <Remove label={t.removeLimit} onClick={onRemove} />}
    </Group>
  )
}

function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" onClick={onClick} aria-label={label}>
      <X size={16} aria-hidden />
    </ActionIcon>
  )
}
