import { Input, Text } from "@mantine/core";
import { type ReactNode, useId } from "react";
import styles from "./Setting.module.css";

/** For an input of Mantine: it shows the problem below itself and is described by the explanation beside it. */
export interface SettingControl {
  id: string;
  error: string | undefined;
  description: ReactNode;
  descriptionProps: { id: string };
  inputWrapperOrder: ("input" | "error")[];
}

/** For a switch, whose own label says the state. */
export interface SettingToggle {
  id: string;
  "aria-describedby": string;
}

interface SettingProps {
  label: string;
  explanation?: ReactNode;
  /** What is wrong with the value, here or by the word of the API. */
  problem?: string | undefined;
  /** `group`: several controls under one label. */
  shape?: "input" | "toggle" | "group";
  children: (control: SettingControl, toggle: SettingToggle) => ReactNode;
}

/** One setting: what it is called, what it does, its control, and what is wrong with it. */
export function Setting({ label, explanation, problem, shape = "input", children }: SettingProps) {
  const id = useId();
  const about = `${id}-about`;
  const wrong = `${id}-problem`;
  const isGroup = shape === "group";
  const control: SettingControl = {
    id,
    error: problem || undefined,
    description: explanation,
    descriptionProps: { id: about },
    // The explanation stands beside the control, not above it.
    inputWrapperOrder: ["input", "error"],
  };
  return (
    <div className={styles.setting} {...(isGroup ? { role: "group", "aria-labelledby": `${id}-label`, "aria-describedby": about } : {})}>
      <div>
        <Input.Label id={`${id}-label`} htmlFor={isGroup ? undefined : id} labelElement={isGroup ? "div" : "label"}>
          {label}
        </Input.Label>
        <Text id={about} size="sm" c="dimmed" component="div">
          {explanation}
        </Text>
      </div>
      <div>
        {children(control, { id, "aria-describedby": problem ? `${about} ${wrong}` : about })}
        {problem && shape !== "input" && (
          <Input.Error id={wrong} role="alert" mt={4}>
            {problem}
          </Input.Error>
        )}
      </div>
    </div>
  );
}
