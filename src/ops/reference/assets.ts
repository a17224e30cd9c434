export function referenceAsset(_path: string): { body: string; headers: Record<string, string> } | undefined { return undefined }
