{{- define "workload.container" -}}
{{- $values := .Values.workload -}}
name: {{ include "workload.name" . | quote }}
{{- with $values.image }}
{{- $repository := required "workload.image.repository is missing: set it to the image, without a tag" .repository }}
{{- $tag := required "workload.image.tag is missing: set it to the version to run, in the values file of the environment" .tag }}
image: {{ printf "%s:%s" $repository $tag | quote }}
imagePullPolicy: {{ .pullPolicy }}
{{- end }}
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
{{- with $values.env }}
env:
  {{- range $name, $value := . }}
  - name: {{ $name | quote }}
    value: {{ $value | quote }}
  {{- end }}
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
  httpGet:
    path: {{ .liveness.path | quote }}
    port: http
readinessProbe:
  httpGet:
    path: {{ .readiness.path | quote }}
    port: http
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
  - name: tmp
    mountPath: /tmp
  {{- with $values.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
