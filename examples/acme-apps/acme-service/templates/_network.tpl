{{- define "workload.service" -}}
{{- with .Values.workload.service -}}
{{- if .enabled -}}
apiVersion: v1
kind: Service
{{ include "workload.metadata" $ }}
spec:
  selector:
    {{- include "workload.selectorLabels" $ | nindent 4 }}
  ports:
    - name: http
      port: {{ .port }}
      targetPort: http
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.ingress" -}}
{{- with .Values.workload.ingress -}}
{{- if .enabled -}}
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
  {{- with .tlsSecret }}
  tls:
    - hosts: [{{ $.Values.workload.ingress.host | quote }}]
      secretName: {{ . | quote }}
  {{- end }}
  rules:
    - host: {{ .host | quote }}
      http:
        paths:
          - path: {{ .path | quote }}
            pathType: Prefix
            backend:
              service:
                name: {{ include "workload.name" $ | quote }}
                port:
                  name: http
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "workload.serviceMonitor" -}}
{{- with .Values.workload.serviceMonitor -}}
{{- if .enabled -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
{{ include "workload.metadata" $ }}
    {{- /* the metadata end with the labels, so these are further labels */ -}}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "workload.selectorLabels" $ | nindent 6 }}
  endpoints:
    - port: http
      path: {{ .path | quote }}
      interval: {{ .interval }}
{{- end -}}
{{- end -}}
{{- end -}}
