{{- define "workload.name" -}}
{{- .Values.workload.name | default .Chart.Name -}}
{{- end -}}

{{- define "workload.serviceAccountName" -}}
{{- with .Values.workload.serviceAccount -}}
{{- if .create -}}
{{- .name | default (include "workload.name" $) -}}
{{- else -}}
{{- .name | default "default" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Kubernetes doesn't allow changes of a Deployment's selector, so these labels must never change. */ -}}
{{- define "workload.selectorLabels" -}}
app.kubernetes.io/name: {{ include "workload.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- /* A tag can be too long for a label, and can end with a character that is not allowed there. */ -}}
{{- define "workload.labels" -}}
{{ include "workload.selectorLabels" . }}
{{ include "workload.partLabels" . }}
{{- end -}}

{{- /* The labels of objects that belong to the service, and that no selector may find. */ -}}
{{- define "workload.partLabels" -}}
app.kubernetes.io/version: {{ regexReplaceAll "@.*" .Values.workload.image.tag "" | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
backstage.io/kubernetes-id: {{ include "workload.name" . | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimAll "-_." | quote }}
{{- end -}}

{{- define "workload.metadata" -}}
{{- include "workload.metadataOf" (dict "root" . "name" (include "workload.name" .)) -}}
{{- end -}}

{{- /* The metadata of an object with another name; of a mere `part`, with labels that no selector finds. */ -}}
{{- define "workload.metadataOf" -}}
metadata:
  name: {{ .name | quote }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include (ternary "workload.partLabels" "workload.labels" (hasKey . "part")) .root | nindent 4 }}
{{- end -}}
