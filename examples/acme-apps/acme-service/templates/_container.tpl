{{- define "workload.image" -}}
{{- with .Values.workload.image -}}
{{- $repository := required "workload.image.repository is missing: set it to the image, without a tag" .repository -}}
{{- $tag := required "workload.image.tag is missing: set it to the version to run, in the values file of the environment" .tag -}}
{{- with .digest -}}
{{- $tag = printf "%s@%s" (regexReplaceAll "@.*" $tag "") . -}}
{{- end -}}
{{- printf "%s:%s" $repository $tag -}}
{{- end -}}
{{- end -}}

{{- /* Environment variables by name, as a list. */ -}}
{{- define "workload.env" -}}
{{- range $name, $value := . }}
- name: {{ $name | quote }}
  {{- if kindIs "map" $value }}
  {{- toYaml $value | nindent 2 }}
  {{- else }}
  value: {{ $value | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "workload.container" -}}
{{- $values := .Values.workload -}}
name: {{ include "workload.name" . | quote }}
image: {{ include "workload.image" . | quote }}
imagePullPolicy: {{ $values.image.pullPolicy }}
{{- with $values.command }}
command:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.args }}
args:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: http
    containerPort: {{ $values.port }}
  {{- range $values.ports }}
  - name: {{ .name | quote }}
    containerPort: {{ .port }}
    {{- with .protocol }}
    protocol: {{ . }}
    {{- end }}
  {{- end }}
{{- with $values.env }}
env:
  {{- include "workload.env" . | nindent 2 }}
{{- end }}
{{- with $values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.probes }}
{{- if .enabled }}
startupProbe:
  httpGet:
    path: {{ .startup.path | quote }}
    port: http
  periodSeconds: 1
  failureThreshold: {{ .startup.seconds }}
livenessProbe:
  {{- include "workload.probe" .liveness | nindent 2 }}
readinessProbe:
  {{- include "workload.probe" .readiness | nindent 2 }}
{{- end }}
{{- end }}
{{- with $values.shutdown.delay }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ . }}
{{- end }}
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  {{- include "workload.volumeMounts" . | nindent 2 }}
{{- end -}}

{{- define "workload.probe" -}}
httpGet:
  path: {{ .path | quote }}
  port: http
{{- range list "periodSeconds" "timeoutSeconds" "failureThreshold" }}
{{- if hasKey $ . }}
{{ . }}: {{ index $ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "workload.volumeMounts" -}}
{{- $values := .Values.workload -}}
- name: tmp
  mountPath: /tmp
{{- if $values.configFiles.files }}
- name: config-files
  mountPath: {{ $values.configFiles.path | quote }}
  readOnly: true
{{- end }}
{{- if $values.persistence.enabled }}
- name: data
  mountPath: {{ $values.persistence.mountPath | quote }}
{{- end }}
{{- with $values.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "workload.volumes" -}}
{{- $values := .Values.workload -}}
- name: tmp
  emptyDir: {}
{{- if $values.configFiles.files }}
- name: config-files
  configMap:
    name: {{ include "workload.configName" . | quote }}
{{- end }}
{{- if $values.persistence.enabled }}
- name: data
  persistentVolumeClaim:
    claimName: {{ include "workload.name" . | quote }}
{{- end }}
{{- with $values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
