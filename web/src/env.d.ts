/** The version of ONNX Runtime whose files lie beside the page. */
declare const ENGINE_VERSION: string;
