import { Checkbox, Fieldset, Group, Stack, TextInput } from "@mantine/core";
import { type Day, type WorkingHours as Hours, WEEK } from "./kinds";

const NAMES: Record<Day, string> = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
};

/** When appointments may be (rule I5). */
export function WorkingHours({ hours, onChange }: { hours: Hours; onChange: (hours: Hours) => void }) {
  function set(day: Day, span: [string, string] | undefined) {
    const { [day]: _, ...rest } = hours;
    onChange(span ? { ...rest, [day]: span } : rest);
  }
  return (
    <Fieldset legend="Working hours">
      <Stack gap="xs">
        {WEEK.map((day) => {
          const span = hours[day];
          return (
            <Group key={day} gap="sm" wrap="nowrap">
              <Checkbox
                label={NAMES[day]}
                checked={span !== undefined}
                onChange={(event) => set(day, event.currentTarget.checked ? ["09:00", "17:00"] : undefined)}
                w={120}
              />
              {span && (
                <>
                  <TextInput
                    type="time"
                    aria-label={`${NAMES[day]} from`}
                    value={span[0]}
                    onChange={(event) => set(day, [event.currentTarget.value, span[1]])}
                  />
                  <TextInput
                    type="time"
                    aria-label={`${NAMES[day]} to`}
                    value={span[1]}
                    onChange={(event) => set(day, [span[0], event.currentTarget.value])}
                  />
                </>
              )}
            </Group>
          );
        })}
      </Stack>
    </Fieldset>
  );
}
