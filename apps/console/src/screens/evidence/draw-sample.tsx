/** Draws a sample of what was frozen: by the auditor's nonce once somebody outside has seen it, else management's. @module */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, said } from '../../api/client.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { FormDialog, type Field, type Values } from './form-dialog.tsx'
import type { Evidence } from './read.ts'
import type { Freezing } from './samples.tsx'

const t = words.evidence.samples
/** 16 to 64 bytes (SMP-4). */
const NONCE = /^(?:[0-9a-f]{2}){16,64}$/

export function DrawSample({ of, data, onClose }: { of: Freezing; data: Evidence; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const isSeen = of.anchored !== null
  const draw = async (values: Values): Promise<void> => {
    const { id } = await said(
      api.POST('/v1/evidence/freezings/{id}/draw', {
        params: { path: { id: of.id } },
        body: bodyOf(values),
      }),
    )
    await queries.invalidateQueries({ queryKey: ['samples'] })
    await navigate({ to: '/evidence/samples/$id', params: { id } })
  }
  const nonce: Field = { name: 'nonce', label: t.nonce, hint: t.nonceHint, optional: true }
  return (
    <FormDialog
      title={t.draw}
      consequences={isSeen ? t.drawText : t.drawUnseenText}
      fields={[
        { name: 'of', label: t.what, kind: 'select', data: choicesOf(of, data) },
        { name: 'size', label: t.size, hint: t.sizeHint, kind: 'number', optional: true },
        ...(isSeen ? [nonce] : []),
      ]}
      take={draw}
      onDone={() => undefined}
      onClose={onClose}
    />
  )
}

/** Tests whose population was frozen, each by the controls that have it. */
function choicesOf(
  { populations }: Freezing,
  { tests, controls }: Evidence,
): { value: string; label: string }[] {
  return tests.flatMap(({ number, title, population }) => {
    const frozen = populations.find(({ name }) => name === population)
    if (frozen === undefined) return []
    const label = t.choice(number, title, frozen.name.replaceAll('_', ' '), count(frozen.count))
    const its = controls.filter((control) => control.tests.some((test) => test.number === number))
    return [
      { value: `${number} `, label },
      ...its.map(({ id }) => ({ value: `${number} ${id}`, label: `${id}: ${label}` })),
    ]
  })
}

/** @throws {Error} in words, what is not as it has to be */
function bodyOf({ of = '', size = '', nonce = '' }: Values) {
  const [number = '', ...control] = of.split(' ')
  const given = nonce.trim().toLowerCase()
  if (given !== '' && !NONCE.test(given)) throw new Error(t.nonceWrong)
  if (size !== '' && !/^[1-9]\d*$/.test(size)) throw new Error(t.sizeWrong)
  return {
    test: Number(number),
    control: control.join(' ') === '' ? null : control.join(' '),
    size: size === '' ? null : Number(size),
    nonce: given === '' ? null : given,
  }
}
