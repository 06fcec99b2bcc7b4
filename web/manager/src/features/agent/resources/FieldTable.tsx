import { ActionIcon, Button, Checkbox, Table, Text, TextInput, Tooltip } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { newField, type ResourceField } from "./draftResources";

interface FieldTableProps {
  fields: ResourceField[];
  model: string;
  isReadOnly: boolean;
  onChange: (fields: ResourceField[]) => void;
}

const SHOWN_AT_FIRST = 12;

/** The fields that the AI knows of a model. */
export function FieldTable({ fields, model, isReadOnly, onChange }: FieldTableProps) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? fields : fields.slice(0, SHOWN_AT_FIRST);
  const change = (place: number, changes: Partial<ResourceField>) =>
    onChange(fields.map((field, other) => (other === place ? { ...field, ...changes } : field)));
  return (
    <div>
      <Text size="sm" fw={500}>
        Fields ({fields.length})
      </Text>
      {fields.length > 0 && (
        <Table.ScrollContainer minWidth={760} type="native" style={{ position: "relative" }}>
          <Table verticalSpacing={4} layout="fixed">
            <Table.Caption className="visually-hidden">Fields of {model}</Table.Caption>
            <Table.Thead>
              <Table.Tr>
                <Table.Th w="22%">Name</Table.Th>
                <Table.Th w="16%">Type</Table.Th>
                <Table.Th>Label and meaning</Table.Th>
                <Table.Th w={92}>Required</Table.Th>
                <Table.Th w={96}>Read-only</Table.Th>
                <Table.Th w={48}>
                  <span className="visually-hidden">Remove</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((field, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a field's name changes while it is typed
                <Table.Tr key={place}>
                  <Table.Td>
                    <TextInput
                      variant="unstyled"
                      aria-label={`Name of field ${place + 1}`}
                      value={field.name}
                      readOnly={isReadOnly}
                      error={field.name === "" || fields.some((other, index) => index !== place && other.name === field.name)}
                      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
                      onChange={(event) => event.currentTarget.value && change(place, { name: event.currentTarget.value })}
                    />
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                      {field.type}
                      {field.relation && ` → ${field.relation}`}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <TextInput
                      variant="unstyled"
                      aria-label={`Meaning of ${field.name}`}
                      placeholder={field.label || "What it means"}
                      value={field.description ?? ""}
                      readOnly={isReadOnly}
                      onChange={(event) => change(place, { description: event.currentTarget.value })}
                    />
                    {(field.choices ?? []).length > 0 && (
                      <Text size="xs" c="dimmed">
                        {(field.choices ?? []).join(", ")}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    <Checkbox
                      aria-label={`${field.name} is required`}
                      checked={field.required ?? false}
                      disabled={isReadOnly}
                      onChange={(event) => change(place, { required: event.currentTarget.checked })}
                    />
                  </Table.Td>
                  <Table.Td>
                    <Checkbox
                      aria-label={`${field.name} is read-only`}
                      checked={field.readonly ?? false}
                      disabled={isReadOnly}
                      onChange={(event) => change(place, { readonly: event.currentTarget.checked })}
                    />
                  </Table.Td>
                  <Table.Td>
                    {!isReadOnly && (
                      <Tooltip label={`Remove ${field.name}`}>
                        <ActionIcon
                          variant="subtle"
                          color="gray"
                          aria-label={`Remove ${field.name}`}
                          onClick={() => onChange(fields.filter((_, other) => other !== place))}
                        >
                          <IconTrash size={16} />
                        </ActionIcon>
                      </Tooltip>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {fields.length > SHOWN_AT_FIRST && (
        <Button size="xs" variant="subtle" onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Show fewer" : `Show all ${fields.length} fields`}
        </Button>
      )}
      {!isReadOnly && (
        <Button
          size="xs"
          variant="default"
          mt="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...fields, newField(fields)])}
        >
          Add field
        </Button>
      )}
    </div>
  );
}
