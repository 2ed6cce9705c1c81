{{- define "workload.service" -}}
{{- $second := include "workload.secondService" . -}}
{{- with .Values.workload.service -}}
{{- if .enabled -}}
{{- /* The second one is a mere part: a ServiceMonitor that found it, too, would count each pod twice. */ -}}
{{- $name := include "workload.name" $ -}}
{{- $services := list (dict "root" $ "name" $name) -}}
{{- if $second -}}
{{- $services = append $services (dict "root" $ "name" (printf "%s-%s" $name $second) "part" true) -}}
{{- end -}}
{{- range $services }}
---
apiVersion: v1
kind: Service
{{ include "workload.metadataOf" . }}
  {{- with $.Values.workload.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  selector:
    {{- include "workload.selectorLabels" $ | nindent 4 }}
  ports:
    - name: http
      port: {{ $.Values.workload.service.port }}
      targetPort: http
    {{- range $.Values.workload.ports }}
    - name: {{ .name | quote }}
      port: {{ .port }}
      targetPort: {{ .name | quote }}
      {{- with .protocol }}
      protocol: {{ . }}
      {{- end }}
    {{- end }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.ingress" -}}
{{- with .Values.workload.ingress -}}
{{- if .enabled -}}
{{- $hosts := .hosts -}}
{{- if .host -}}
{{- $hosts = prepend $hosts (dict "host" .host "paths" (list .path) "tlsSecret" .tlsSecret) -}}
{{- end -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
{{ include "workload.metadata" $ }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .className }}
  ingressClassName: {{ . | quote }}
  {{- end }}
  {{- $tls := list }}
  {{- range $hosts }}
  {{- if .tlsSecret }}
  {{- $tls = append $tls (dict "hosts" (list .host) "secretName" .tlsSecret) }}
  {{- end }}
  {{- end }}
  {{- with $tls }}
  tls:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    {{- range $hosts }}
    - host: {{ .host | quote }}
      http:
        paths:
          {{- range .paths | default (list "/") }}
          - path: {{ . | quote }}
            pathType: Prefix
            backend:
              service:
                name: {{ include "workload.name" $ | quote }}
                port:
                  name: http
          {{- end }}
    {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.route" -}}
{{- with .Values.workload.route -}}
{{- if .enabled -}}
{{- $to := list (dict "name" (include "workload.name" $) "port" (int $.Values.workload.service.port)) -}}
{{- if eq (include "workload.secondService" $) "canary" -}}
{{- $to = append $to (dict "name" (printf "%s-canary" (include "workload.name" $)) "port" (int $.Values.workload.service.port)) -}}
{{- end -}}
{{- $rules := .rules -}}
{{- if not $rules -}}
{{- $matches := list -}}
{{- range .paths -}}
{{- $matches = append $matches (dict "path" (dict "type" "PathPrefix" "value" .)) -}}
{{- end -}}
{{- $rules = list (dict "matches" $matches) -}}
{{- end -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
{{ include "workload.metadata" $ }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  parentRefs:
    {{- toYaml .parentRefs | nindent 4 }}
  {{- with .hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    {{- range $rules }}
    - {{ toYaml (ternary . (merge (deepCopy .) (dict "backendRefs" $to)) (hasKey . "backendRefs")) | nindent 6 | trim }}
    {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.networkPolicy" -}}
{{- with .Values.workload.networkPolicy -}}
{{- if .enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{{ include "workload.metadata" $ }}
spec:
  podSelector:
    matchLabels:
      {{- include "workload.selectorLabels" $ | nindent 6 }}
  policyTypes:
    - Ingress
    {{- if .egress }}
    - Egress
    {{- end }}
  {{- if .from }}
  ingress:
    - from:
        {{- toYaml .from | nindent 8 }}
      ports:
        - port: http
        {{- range $.Values.workload.ports }}
        - port: {{ .name | quote }}
          {{- with .protocol }}
          protocol: {{ . }}
          {{- end }}
        {{- end }}
  {{- end }}
  {{- with .egress }}
  egress:
    - ports:
        - port: 53
          protocol: UDP
        - port: 53
          protocol: TCP
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
