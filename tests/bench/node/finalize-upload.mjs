// The same settings, clients and first answer.
export { handler } from './presign-upload.mjs';
