/** Importing names of what acts: shown first, recorded then. @module */
import { Alert, Button, FileInput, Group, List, Modal, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { words } from '../../words/words.ts'
import { readInventory, type ReadFile } from './inventory-file.ts'

const t = words.agents.inventory
/** Of one request: the control plane takes no more. */
const BATCH = 500
/** Items that are named before they are recorded. */
const NAMED = 8

export function ImportInventory({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [read, setRead] = useState<ReadFile | null>(null)
  const [isBad, setBad] = useState(false)
  const record = useMutation({
    mutationFn: async ({ found }: ReadFile) => {
      const sum = { added: 0, changed: 0, unchanged: 0 }
      for (let at = 0; at < found.length; at += BATCH) {
        const answer = await said(api.POST('/v1/inventory', { body: { found: found.slice(at, at + BATCH) } }))
        sum.added += answer.added
        sum.changed += answer.changed
        sum.unchanged += answer.unchanged
      }
      return sum
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ['inventory'] }),
  })
  const take = async (file: File | null) => {
    const next = file === null ? null : await readInventory(await file.text())
    setRead(next)
    setBad(file !== null && next === null)
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={
        <Title order={2} size="h3">
          {t.import}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <Stack>
        <Text>{t.importText}</Text>
        <FileInput
          label={t.file}
          placeholder={t.choose}
          accept=".csv,.json,text/csv,application/json"
          onChange={(file) => void take(file)}
          error={isBad ? t.notReadable : null}
          clearable
        />
        {read !== null && (
          <>
            <Text fw={600}>{t.preview(read.found.length, read.skipped)}</Text>
            <List size="sm">
              {read.found.slice(0, NAMED).map(({ item }) => (
                <List.Item key={item.ref}>
                  {item.name}, {t.kinds[item.kind]}
                </List.Item>
              ))}
              {read.found.length > NAMED && <List.Item>…</List.Item>}
            </List>
          </>
        )}
        {record.isError && (
          <Alert color="red" role="alert">
            {faultText(record.error)}
          </Alert>
        )}
        {record.data !== undefined && (
          <Alert color="teal" role="status">
            {t.recorded(record.data.added, record.data.changed, record.data.unchanged)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {record.data === undefined ? words.gesture.cancel : t.done}
          </Button>
          {record.data === undefined && (
            <Button
              disabled={read === null || read.found.length === 0}
              loading={record.isPending}
              onClick={() => read !== null && record.mutate(read)}
            >
              {t.record}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}
