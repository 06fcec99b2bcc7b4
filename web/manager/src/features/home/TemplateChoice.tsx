import { Group, Text } from "@mantine/core";
import classes from "./Home.module.css";
import { TEMPLATES, type TemplateId } from "./templates";

/** What a new assistant begins with, as radio buttons that say what arrives. */
export function TemplateChoice({ value, onChange }: { value: TemplateId; onChange: (template: TemplateId) => void }) {
  return (
    <fieldset className={classes.templates}>
      <legend className="visually-hidden">Begin with</legend>
      {TEMPLATES.map((template) => (
        <label key={template.id} className={classes.template} data-checked={value === template.id || undefined}>
          <Group gap="xs" wrap="nowrap">
            <input
              type="radio"
              name="template"
              className="visually-hidden"
              checked={value === template.id}
              onChange={() => onChange(template.id)}
            />
            <template.icon size={18} stroke={1.75} aria-hidden />
            <Text fw={550}>{template.title}</Text>
          </Group>
          <Text size="sm" c="dimmed">
            {template.arrivesWith}
          </Text>
        </label>
      ))}
    </fieldset>
  );
}
