export function problemPage(_code: string): { body: string; headers: Record<string, string> } | undefined { return undefined }
export function problemIndex(): { body: string; headers: Record<string, string> } { return { body: '', headers: {} } }
