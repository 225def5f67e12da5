import type { Protocol, ServiceShapes } from './shapes.ts';
import { writeOutput } from './write-output.ts';
import { element, escapeXml, xmlDeclaration } from './xml.ts';

/**
 * The document that answers a call that was done.
 * @param output In the SDK's shape; undefined for nothing to say.
 * @throws TypeError when the handler's output does not fit the operation.
 */
export function answerDocument(shapes: ServiceShapes, operation: string, output: unknown, requestId: string): string {
  const type = shapes.operation(operation)?.output;
  const open = `<${operation}Response xmlns="${shapes.xmlNamespace}">`;
  const close = `</${operation}Response>`;
  if (shapes.protocol === 'ec2') {
    const content = type ? writeOutput(shapes, type, withReturn(shapes, type, output)) : element('return', 'true');
    return `${xmlDeclaration}${open}${element('requestId', requestId)}${content}${close}`;
  }
  const result = type ? element(`${operation}Result`, writeOutput(shapes, type, output ?? {})) : '';
  return `${xmlDeclaration}${open}${result}${element('ResponseMetadata', element('RequestId', requestId))}${close}`;
}

/** EC2 says `return` for each thing done; handlers need not. */
function withReturn(shapes: ServiceShapes, type: string, output: unknown): unknown {
  const shape = shapes.shape(type);
  const says = shape.kind === 'struct' && shape.members.some(({ name, type }) => name === 'Return' && type === 'b');
  return says ? { Return: true, ...(output ?? {}) } : (output ?? {});
}

/** The document that answers a refused or failed call. */
export function errorDocument(
  protocol: Protocol,
  error: { code: string; message: string; status: number },
  requestId: string,
): string {
  const code = element('Code', escapeXml(error.code));
  const message = element('Message', escapeXml(error.message));
  if (protocol === 'ec2') {
    const errors = element('Errors', element('Error', code + message));
    return xmlDeclaration + element('Response', errors + element('RequestID', requestId));
  }
  const type = element('Type', error.status < 500 ? 'Sender' : 'Receiver');
  return (
    xmlDeclaration + element('ErrorResponse', element('Error', type + code + message) + element('RequestId', requestId))
  );
}
