/** Witnesses whose keys somebody gave this browser: their cosignatures are verified. @module */
import { ActionIcon, Button, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useState } from 'react'
import { words } from '../../words/words.ts'
import { keepWitnesses, witnessesOf } from './kept.ts'

const t = words.log

export function Witnesses({ onChange }: { onChange: () => void }) {
  const [known, setKnown] = useState(witnessesOf)
  const [vkey, setVkey] = useState('')
  const set = (vkeys: string[]) => {
    keepWitnesses(vkeys)
    setKnown(vkeys)
    onChange()
  }
  const added = useMutation({
    mutationFn: async () => {
      const { witnessKey } = await import('./verify.ts')
      await witnessKey(vkey.trim())
      return vkey.trim()
    },
    onSuccess: (key) => {
      set([...new Set([...known, key])])
      setVkey('')
    },
  })
  return (
    <Paper withBorder p="md" component="section">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          added.mutate()
        }}
      >
        <Stack gap="sm">
          <Title order={2}>{t.witnesses}</Title>
          <Text size="sm">{t.witnessesText}</Text>
          {known.length === 0 && <Text c="dimmed">{t.noWitness}</Text>}
          {known.map((key) => (
            <Group key={key} gap="xs" wrap="nowrap" justify="space-between">
              <Text className="mono">{key}</Text>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t.removeWitness(key.split('+')[0] ?? key)}
                onClick={() => set(known.filter((each) => each !== key))}
              >
                <X size={16} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
          <Group align="flex-end" gap="sm">
            <TextInput
              label={t.witnessKey}
              value={vkey}
              onChange={(event) => setVkey(event.currentTarget.value)}
              error={added.error === null ? null : t.witnessBad(added.error.message)}
              required
              flex={1}
              miw={200}
            />
            <Button type="submit" variant="default" loading={added.isPending}>
              {t.addWitness}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  )
}
