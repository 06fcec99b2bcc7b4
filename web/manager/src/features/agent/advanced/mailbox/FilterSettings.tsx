import { Stack, TagsInput, TextInput } from "@mantine/core";
import { Setting } from "../settings/Setting";
import type { Filters } from "./values";

type ListName = Exclude<keyof Filters, "folder">;

const LISTS: { name: ListName; label: string; description: string; placeholder: string; isAddress: boolean }[] = [
  { name: "from_domains", label: "From domains", description: "Only senders of these.", placeholder: "acme.com", isAddress: true },
  {
    name: "from_addresses",
    label: "From addresses",
    description: "Only these senders.",
    placeholder: "anna@acme.com",
    isAddress: true,
  },
  {
    name: "to_addresses",
    label: "To addresses",
    description: "Only mail to one of these, when the mailbox has several.",
    placeholder: "orders@example.com",
    isAddress: true,
  },
  {
    name: "subject_contains",
    label: "Subject contains any of",
    description: "Small and capital letters are the same.",
    placeholder: "order",
    isAddress: false,
  },
  {
    name: "subject_excludes",
    label: "Subject contains none of",
    description: "Holds before everything else. Automatic mail is never answered, whatever stands here.",
    placeholder: "unsubscribe",
    isAddress: false,
  },
];

interface FilterSettingsProps {
  value: Filters;
  isReadOnly: boolean;
  fieldError: (name: string) => string | undefined;
  onChange: (filters: Filters) => void;
}

/** Which mail the agent may touch (rule M3). */
export function FilterSettings({ value, isReadOnly, fieldError, onChange }: FilterSettingsProps) {
  return (
    <Setting
      label="Filters"
      shape="group"
      explanation="A mail that does not pass stays unread and untouched, for people. An empty filter lets every mail through; Enter or a comma adds an entry."
    >
      {() => (
        <Stack gap="sm">
          <TextInput
            label="Folder or label"
            value={value.folder}
            placeholder="INBOX"
            maxLength={320}
            readOnly={isReadOnly}
            error={fieldError("filters.folder")}
            onChange={(event) => onChange({ ...value, folder: event.currentTarget.value })}
          />
          {LISTS.map(({ name, label, description, placeholder, isAddress }) => (
            <TagsInput
              key={name}
              label={label}
              description={description}
              placeholder={value[name].length === 0 ? placeholder : ""}
              value={value[name]}
              maxTags={100}
              readOnly={isReadOnly}
              error={fieldError(`filters.${name}`)}
              onChange={(entries) => onChange({ ...value, [name]: isAddress ? entries.map(bare) : entries })}
            />
          ))}
        </Stack>
      )}
    </Setting>
  );
}

/** "@Acme.com" → "acme.com": how the mailbox compares them. */
function bare(entry: string): string {
  return entry.trim().toLowerCase().replace(/^@/, "");
}
